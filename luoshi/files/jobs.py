"""Readable pages of documents too large, or too old, to be made while somebody waits."""

from luoshi.files import queries, readers, services


def prepare_page(blob_id: int) -> None:
    """Make the page of a document. Idempotent: a page that is there is left."""
    blob = queries.waiting_blob(blob_id)
    if blob is None:
        return
    services.fill_page(blob, readers.read_old_word if blob.kind == "doc" else readers.read_word)
