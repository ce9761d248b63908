"""Export the Northwind sample database to the CSV files of examples/northwind, as a company's ERP would hand them out.

python scripts/export_northwind.py northwind.sqlite examples/northwind/exports
"""

from __future__ import annotations

import csv
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

EXPORTS = {
    "customers.csv": """
        SELECT c.CustomerID, c.CompanyName, c.ContactName, c.ContactTitle, c.Address, c.City, c.Region, c.PostalCode,
               c.Country, c.Phone, c.Fax, (SELECT min(o.OrderDate) FROM Orders o WHERE o.CustomerID = c.CustomerID)
               AS FirstOrderDate
        FROM Customers c ORDER BY c.CustomerID
    """,
    "order_lines.csv": """
        SELECT o.OrderID, o.CustomerID, e.FirstName || ' ' || e.LastName AS Employee, o.OrderDate, o.RequiredDate,
               o.ShippedDate, s.CompanyName AS Shipper, o.Freight, o.ShipName, o.ShipCity, o.ShipCountry,
               d.ProductID, p.ProductName, g.CategoryName, d.UnitPrice, d.Quantity, d.Discount
        FROM Orders o
        JOIN "Order Details" d ON d.OrderID = o.OrderID
        JOIN Products p ON p.ProductID = d.ProductID
        JOIN Categories g ON g.CategoryID = p.CategoryID
        JOIN Employees e ON e.EmployeeID = o.EmployeeID
        JOIN Shippers s ON s.ShipperID = o.ShipVia
        ORDER BY o.OrderID, d.ProductID
    """,
}


def main(database: Path, folder: Path) -> None:
    """Write every export into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for name, query in EXPORTS.items():
            rows = connection.execute(query)
            with (folder / name).open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(column[0] for column in rows.description)
                writer.writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
