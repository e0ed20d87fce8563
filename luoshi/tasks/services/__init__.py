"""Every write to tasks.

building        from what was typed to rows
registering     drafts: register, edit, discard, break down, copy
hidden          thousands of drafts in short steps, shown or taken back at once
correcting      what was written wrong in an issued task
issuing         drafts become tasks: issue, approve, reject
signing         sign for, refuse, what silence means
line            the line: progress, accept, send back, close, cancel
taking_part     people and sets: admit, share, follow, count in, milestones, remarks
"""
