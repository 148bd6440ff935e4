#include "flow/odcs.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "base/test_draws.hpp"
#include "flow/contract_file.hpp"
#include "flow/odcs_words.hpp"

namespace cordyna::flow {
namespace {

std::string told(const OdcsResult& result) {
  std::string out;
  for (const Diagnostic& found : result.diagnostics) {
    out += fmt::format("{}:{} {}\n", found.line, found.code, found.message);
  }
  return out;
}

/// The contract as the flow's parser reads it.
std::string as_json(const std::string& yaml) {
  Findings findings;
  Reporter reporter(findings, "c.yaml", yaml);
  const auto json = read_contract(yaml, reporter);
  for (const Diagnostic& found : findings.take("c.yaml")) {
    ADD_FAILURE() << format(found) << "\n" << yaml;
  }
  return json.value_or("");
}

constexpr const char* kOrders = R"(apiVersion: v3.1.0
kind: DataContract
id: orders-1
name: Orders of the shop
version: 2.1.0
status: active
slaProperties:
  - {property: freshness, value: 2, unit: d, element: orders.ordered_at}
schema:
  - name: orders
    physicalType: table
    description: One row for each order.
    properties:
      - {name: id, logicalType: integer, physicalType: BIGINT, primaryKey: true}
      - name: mail
        logicalType: string
        classification: PII
        logicalTypeOptions: {minLength: 3, maxLength: 80, pattern: '^[^@]+@[^@]+$'}
      - {name: total, physicalName: amt, logicalType: number, physicalType: 'NUMERIC(9, 2)',
         logicalTypeOptions: {minimum: 0.5, maximum: 1000}, required: true}
      - name: state
        logicalType: string
        quality:
          - {metric: invalidValues, arguments: {validValues: [new, paid]}, mustBe: 0,
             severity: warning}
      - {name: ordered_at, logicalType: date, logicalTypeOptions: {format: 'dd.MM.yyyy HH:mm'}}
      - {name: shop, logicalType: integer, logicalTypeOptions: {format: i32},
         relationships: [{to: shops.no}]}
    quality:
      - {metric: rowCount, mustBeGreaterThan: 9}
      - {metric: duplicateValues, arguments: {properties: [mail, ordered_at]}, mustBeLessThan: 1}
)";

TEST(OdcsImport, CarriesOverWhatBothSidesHaveWordsFor) {
  const OdcsResult result = import_odcs(kOrders, "o.yaml");
  EXPECT_EQ(told(result), "");
  ASSERT_EQ(result.contracts.size(), 1U);
  EXPECT_EQ(result.contracts[0].name, "orders");
  EXPECT_EQ(result.contracts[0].yaml, R"j(id: orders-1
title: Orders of the shop
version: "2.1.0"
status: active
name: orders
description: One row for each order.
columns:
  id: {type: int64, required: true, unique: true}
  mail: {type: string, min_length: 3, max_length: 80, match: "[^@]+@[^@]+", pii: true}
  total: {type: "decimal(9,2)", required: true, min: 0.5, max: 1000}
  state: {type: string, in: [new, paid], on_fail: warn}
  ordered_at: {type: timestamp, format: "%d.%m.%Y %H:%M"}
  shop: {type: int32, refs: shops.no}
rename: {amt: total}
rows: {min: 10}
unique:
  - [mail, ordered_at]
freshness: {column: ordered_at, max_age: "2d"}
)j");
}

TEST(OdcsImport, NamesWhatHasNoPlaceAtItsPlace) {
  const OdcsResult result = import_odcs(R"(apiVersion: v3.0.2
kind: DataContract
id: x
version: 1.0.0
status: draft
team: [{username: ann}]
domain: sales
slaProperties:
  - {property: retention, value: 3, unit: y}
  - {property: latency, value: 4, unit: fortnight, element: t.day}
schema:
  - name: t
    businessName: T
    properties:
      - {name: day, logicalType: date, criticalDataElement: true, partitioned: false}
      - {name: code, logicalType: string, logicalTypeOptions: {pattern: '(?=a)b', format: email}}
      - {name: items, logicalType: array}
      - {name: m, logicalType: integer, logicalTypeOptions: {exclusiveMinimum: 3, multipleOf: 2},
         tags: [money], customProperties: [{property: other, value: 1}]}
      - name: s
        logicalType: string
        quality: [{type: sql, query: 'select 1', mustBe: 0}, {rule: nullCheck, mustBe: 0}]
    quality: [{type: text, description: good}]
)",
                                        "o.yaml");
  EXPECT_EQ(told(result),
            "6:not_carried the document: 'team', 'domain' have no place in a contract\n"
            "9:not_carried SLA 'retention' has no place in a contract\n"
            "10:not_carried SLA 'latency': its unit is none of d, h, m, s\n"
            "13:not_carried schema 't': 'businessName' has no place in a contract\n"
            "15:not_carried column 'day': 'criticalDataElement' has no place in a contract\n"
            "16:not_carried column 'code': the pattern '(?=a)b' looks around or back, which RE2 "
            "cannot\n"
            "16:not_carried column 'code': 'format' 'email' has no place in a contract\n"
            "17:not_carried column 'items': array is read as the text of it\n"
            "18:not_carried column 'm': 'multipleOf' '2' has no place in a contract\n"
            "19:not_carried column 'm': tag 'money' has no place in a contract\n"
            "19:not_carried column 'm': custom property 'other' has no place in a contract\n"
            "22:not_carried column 's': quality rule of type sql has no place in a contract; write "
            "it as a rule of a `check` task\n"
            "23:not_carried schema 't': quality rule of type text has no place in a contract\n");
  ASSERT_EQ(result.contracts.size(), 1U);
  EXPECT_NE(result.contracts[0].yaml.find("m: {type: int64, min: 4}"), std::string::npos);
  EXPECT_NE(result.contracts[0].yaml.find("s: {type: string, required: true}"), std::string::npos);
}

TEST(OdcsImport, EachObjectOfTheSchemaIsAContract) {
  const OdcsResult result = import_odcs(
      "apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: draft\n"
      "slaProperties: [{property: freshness, value: 6, unit: h, element: b.at}]\nschema:\n"
      "  - {name: a, properties: [{name: i, logicalType: integer, primaryKey: true,\n"
      "      primaryKeyPosition: 2}, {name: k, logicalType: string, primaryKey: true,\n"
      "      primaryKeyPosition: 1}]}\n"
      "  - {name: b, properties: [{name: at, logicalType: timestamp}]}\n",
      "o.yaml");
  EXPECT_EQ(told(result), "");
  ASSERT_EQ(result.contracts.size(), 2U);
  EXPECT_NE(result.contracts[0].yaml.find("unique:\n  - [k, i]\n"), std::string::npos)
      << result.contracts[0].yaml;
  EXPECT_NE(result.contracts[1].yaml.find("max_age: \"6h\""), std::string::npos);
  EXPECT_EQ(result.contracts[0].yaml.find("max_age"), std::string::npos);
}

TEST(OdcsImport, WhatIsNoSuchDocumentIsAnError) {
  const std::pair<const char*, const char*> cases[] = {
      {"dataContractSpecification: 1.1.0\nid: x\n", "this is no ODCS document of version 3"},
      {"apiVersion: v2.2.2\nkind: DataContract\n", "'apiVersion' begins with v3."},
      {"apiVersion: v3.0.2\nkind: DataContract\n", "has no 'schema'"},
      {"apiVersion: v3.0.2\nkind: DataContract\nschema: [{name: t}]\n", "'properties'"},
      {"- a\n", "is a map"},
      {"a: [\n", ""},
      {"", ""},
  };
  for (const auto& [text, message] : cases) {
    const OdcsResult result = import_odcs(text, "o.yaml");
    EXPECT_TRUE(result.contracts.empty()) << text;
    ASSERT_FALSE(result.diagnostics.empty()) << text;
    EXPECT_NE(result.diagnostics[0].message.find(message), std::string::npos)
        << result.diagnostics[0].message;
  }
}

TEST(OdcsExport, SaysInItsOwnWordsWhatItHasWordsFor) {
  const OdcsResult result = export_odcs(
      "columns:\n  zip: {type: string, match: '98[0-9]{3}', refs: zips.code, pii: true}\n"
      "  w: {type: string, to_bool: {Y: true, N: false}, on_fail: quarantine}\n"
      "rename: {ZIP: zip}\nrows: {min: 5, max: 5}\nunique: [{columns: [zip, w], on_fail: "
      "warn}]\n",
      "sales.yaml", "sales");
  EXPECT_EQ(told(result), "");
  ASSERT_EQ(result.contracts.size(), 1U);
  EXPECT_EQ(result.contracts[0].yaml, R"(apiVersion: v3.1.0
kind: DataContract
id: sales
version: "1.0.0"
status: active
schema:
  - name: sales
    logicalType: object
    physicalType: table
    properties:
      - name: zip
        physicalName: ZIP
        logicalType: string
        classification: pii
        relationships:
          - {type: foreignKey, to: zips.code}
        logicalTypeOptions: {pattern: "^(?:98[0-9]{3})$"}
      - name: w
        logicalType: boolean
        customProperties:
          - {property: cordyna.type, value: string}
          - {property: cordyna.on_fail, value: quarantine}
          - property: cordyna.to_bool
            value: {"N": false, "Y": true}
    quality:
      - {metric: rowCount, mustBe: 5}
      - metric: duplicateValues
        arguments: {properties: [zip, w]}
        mustBe: 0
        severity: warning
        customProperties:
          - {property: cordyna.on_fail, value: warn}
customProperties:
  - {property: cordyna.without, value: [id, name, version, status]}
)");
}

/// Contracts with all that a contract may have, by chance.
class RandomContract {
 public:
  explicit RandomContract(unsigned seed) : random_(seed) {}

  std::string yaml() {
    std::string out;
    if (chance(3)) out += "id: 'my id'\nversion: 3.1.4\n";
    if (chance(3)) out += "title: \"It's: a title\"\nname: data_set\nstatus: draft\n";
    if (chance(3)) out += "description: \"two\\nlines # of 'text'\"\n";
    out += "columns:\n";
    const std::size_t count = 1 + pick(5);
    for (std::size_t i = 0; i < count; ++i) out += column(i);
    out += fmt::format("  day: {{type: date{}}}\n", chance(2) ? ", format: '%d.%m.%y'" : "");
    if (chance(2)) {
      out += chance(2) ? "rename: {old: day}\n" : "rename: {old: day, 'Ältere Zeit': day, o: c0}\n";
    }
    if (chance(2))
      out += one_of({"rows: {min: 5}\n", "rows: {max: 7}\n", "rows: {min: 3, max: 3}\n",
                     "rows: {min: 3, max: 30}\n", "rows: {}\n"});
    if (chance(2))
      out += one_of({"unique: [day]\n", "unique: [[day, c0], c0]\n", "unique: []\n",
                     "unique: [{columns: [day, c0], on_fail: quarantine}, day]\n",
                     "unique: [{columns: c0, on_fail: warn}]\n"});
    if (chance(2))
      out += "freshness: {column: day, max_age: " + one_of({"2d", "36h", "90m", "1500ms", "7s"}) +
             "}\n";
    if (chance(2))
      out += one_of({"drift: {}\n", "drift: {new: add, type: quarantine}\n",
                     "drift: {missing: warn, order: ignore, delimiter: fail}\n"});
    if (chance(2)) out += one_of({"rejects: {max_percent: 0.5}\n", "rejects: {}\n"});
    return out;
  }

 private:
  std::size_t pick(std::size_t n) { return random_() % n; }
  bool chance(std::size_t n) { return pick(n) == 0; }
  std::string one_of(std::initializer_list<const char*> words) {
    return words.begin()[pick(words.size())];
  }

  std::string column(std::size_t i) {
    const std::string type = one_of(
        {"string", "int32", "int64", "double", "'decimal(7,2)'", "date", "timestamp", "bool"});
    std::string out = fmt::format("  c{}: {{type: {}", i, type);
    const bool number = type.starts_with("int") || type == "double" || type.starts_with("'dec");
    const bool time = type == "date" || type == "timestamp";
    const auto bound = [&]() -> std::string {
      if (chance(6)) return "'0'";
      if (number) return one_of({"0", "-5", "0.1", "1e20", "5.0", "12345678901"});
      return time ? "'2024-01-02'" : "'a'";
    };
    if (chance(3)) out += ", required: true";
    if (chance(4)) out += one_of({", unique: true", ", unique: false"});
    if (chance(4)) out += ", pii: true";
    if (chance(4))
      out += ", match: '" +
             one_of({"[a-z]+", "a|b", "^x$", "(a)(b)", "\\d{3}[)]", "a)|(b", "(?!x)y"}) + "'";
    if (chance(3)) out += ", min: " + bound();
    if (chance(3)) out += ", max: " + bound();
    if (chance(4)) out += fmt::format(", range: [{}, {}]", bound(), bound());
    if (chance(5)) out += ", min_length: 2";
    if (chance(5)) out += ", max_length: 9";
    if (chance(4)) out += ", in: " + one_of({"[a, b]", "[1, 2.5, 'x', true]", "['2024-01-02']"});
    if (chance(4)) out += ", refs: " + one_of({"zips.code", "my-zips.v2.code", "'z.a b'"});
    if (chance(3)) out += ", on_fail: " + one_of({"fail", "warn", "quarantine"});
    if (chance(4)) out += ", description: 'what: it {is}'";
    if (time && chance(2))
      out += ", format: '" +
             one_of({"%Y-%m-%d", "%d/%b/%Y", "%Y%m%dT%H%M%S", "%j", "%d%%", "on %d''s"}) + "'";
    return out + "}\n";
  }

  std::mt19937 random_;
};

TEST(Odcs, ExportAndImportGiveTheSameContract) {
  for (unsigned seed = 1; seed <= test::draws(600, 6000); ++seed) {
    const std::string yaml = RandomContract(seed).yaml();
    const std::string before = as_json(yaml);
    const OdcsResult there = export_odcs(yaml, "c.yaml", "data");
    ASSERT_EQ(there.contracts.size(), 1U) << told(there) << yaml;
    const OdcsResult back = import_odcs(there.contracts[0].yaml, "o.yaml");
    ASSERT_EQ(told(back), "") << "seed " << seed << "\n" << there.contracts[0].yaml;
    ASSERT_EQ(back.contracts.size(), 1U);
    ASSERT_EQ(as_json(back.contracts[0].yaml), before) << "seed " << seed << "\n"
                                                       << yaml << "---\n"
                                                       << there.contracts[0].yaml << "---\n"
                                                       << back.contracts[0].yaml;
  }
}

TEST(OdcsWords, FormatsOfDates) {
  EXPECT_EQ(strptime_of("yyyy-MM-dd'T'HH:mm:ss.SSS"), "%Y-%m-%dT%H:%M:%S.%f");
  EXPECT_EQ(strptime_of("d MMMM yyyy, 'o''clock' hh a"), "%d %B %Y, o'clock %I %p");
  EXPECT_EQ(strptime_of("yyyy-'W'ww"), std::nullopt);
  EXPECT_EQ(strptime_of("MMMMM"), std::nullopt);
  EXPECT_EQ(strptime_of("'open"), std::nullopt);
  EXPECT_EQ(java_of("%m/%d/%Y"), "MM/dd/yyyy");
  EXPECT_EQ(java_of("%j"), std::nullopt);
}

TEST(OdcsWords, PatternsThatAreSearchedForBecomeOnesThatMatch) {
  EXPECT_EQ(match_of("^[0-9]+$"), "[0-9]+");
  EXPECT_EQ(match_of("^(?:a|b)$"), "a|b");
  EXPECT_EQ(match_of("^a|b$"), "(?s:.*)(?:^a|b$)(?s:.*)");
  EXPECT_EQ(match_of("^(?:a)(b)$"), "(?:a)(b)");
  EXPECT_EQ(match_of("^(?:a)|(b)$"), "(?s:.*)(?:^(?:a)|(b)$)(?s:.*)");
  EXPECT_EQ(match_of("abc"), "(?s:.*)(?:abc)(?s:.*)");
  EXPECT_EQ(match_of("(a)\\1"), std::nullopt);
  EXPECT_EQ(match_of("\\\\1"), "(?s:.*)(?:\\\\1)(?s:.*)");
}

}  // namespace
}  // namespace cordyna::flow
