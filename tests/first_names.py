"""First names of invented people."""

FIRST = [
    "Anna",
    "Bernd",
    "Clara",
    "Dieter",
    "Emma",
    "Felix",
    "Greta",
    "Hans",
    "Ida",
    "Jonas",
    "Karla",
    "Lukas",
    "Maria",
    "Nils",
    "Olga",
    "Paul",
    "Rosa",
    "Simon",
    "Tina",
    "Udo",
]
