"""Shows what a name can do to your log if you print it as it is."""

NAMES = [
    "alice",
    "bob has joined\nServer: the password of root has been changed",
    "\x1b[2J",
]

for name in NAMES[:2]:
    print(f"Server: {name} has joined")
print()
for name in NAMES:
    print(f"Server: {name!r} has joined")
