"""How a task table of any office is understood: pure functions from cells to rows (TSK-5).

grid      cells as read, with addresses                 text      one way to write a character
headers   which column means what                       numbers   "14.改扩建…", 1.1.2, （三）
units     one cell, several units                       dates     "12月底前" → a day
names     one cell, several people                      messages  every sentence said to the clerk
table     all of it together: lines → rows, questions
"""
