"""What a name, a pattern or an expression means in a case; names in the words of TG-263.

text -> language -> expressions | find -> regions; definitions: expressions with a name
aliases, tg263, suggest: local names -> canonical ones
"""
