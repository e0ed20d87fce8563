"""The pages of people, one file per part: door, organisation, persons, bodies, accounts, …"""
