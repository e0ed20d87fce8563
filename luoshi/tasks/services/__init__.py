"""Every write to tasks.

registering     drafts: register, edit, discard, break down, copy
line            the line: issue, sign, refuse, complete, accept, send back, close, cancel
taking_part     people and sets: admit, share, follow, count in, milestones, remarks
"""
