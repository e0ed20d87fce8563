"""Every write to tasks.

registering     drafts: register, edit, discard, break down, copy
issuing         drafts become tasks: issue, approve, reject
signing         sign for, refuse, what silence means
line            the line: progress, accept, send back, close, cancel
taking_part     people and sets: admit, share, follow, count in, milestones, remarks
"""
