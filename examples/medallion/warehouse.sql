-- The tables that the flows fill.
CREATE SCHEMA bronze;
CREATE SCHEMA silver;
CREATE SCHEMA gold;
CREATE TABLE bronze.orders (place text PRIMARY KEY, body jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE silver.orders (
  place text PRIMARY KEY, customer text NOT NULL, month text NOT NULL, quantity int NOT NULL,
  value numeric NOT NULL, price numeric NOT NULL, size text NOT NULL
);
CREATE TABLE silver.rejected (place text PRIMARY KEY, problem text NOT NULL);
CREATE TABLE gold.months (
  month text PRIMARY KEY, orders int NOT NULL, customers int NOT NULL, quantity int NOT NULL, value numeric NOT NULL
);
