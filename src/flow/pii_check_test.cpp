#include <gtest/gtest.h>

#include "flow/flow_file.hpp"

namespace cordyna::flow {
namespace {

constexpr const char* kLoad = R"(id: f
tasks:
  - id: people
    type: load
    from: people.csv
    contract: {columns: {id: int64, name: {type: string, pii: true}, born: {type: date, pii: true}}}
)";

/// The findings of kLoad with more tasks: "line:column code message" each.
std::string findings(const std::string& tasks) {
  std::string out;
  for (const Diagnostic& found : parse(kLoad + tasks, "flow.yaml", "/nowhere").diagnostics) {
    out += std::to_string(found.line) + ":" + std::to_string(found.column) + " " + found.code +
           " " + found.message + "\n";
  }
  return out;
}

TEST(PiiCheck, AShareOfOpenColumnsIsRefusedAtItsPlace) {
  EXPECT_EQ(findings("  - {id: out, type: share, of: people, to: out.csv}\n"),
            "7:32 unsecured born, name tell about persons (`pii`) and would be shared as they are; "
            "treat them in a `secure` step before\n");
}

TEST(PiiCheck, SecuredColumnsMayBeShared) {
  EXPECT_EQ(findings(R"(  - id: safe
    type: secure
    of: people
    columns: {name: {token: hmac, key: NAMES}, born: {round: year}}
  - {id: out, type: share, of: safe, to: out.csv}
)"),
            "");
  const std::string some = findings(R"(  - id: safe
    type: secure
    of: people
    columns: {name: hash, born: keep}
  - {id: out, type: share, of: safe, to: out.csv}
)");
  EXPECT_NE(some.find("11:32 unsecured born tell"), std::string::npos) << some;
}

TEST(PiiCheck, TheMarkTravelsUnderNewNames) {
  const std::string found = findings(R"(  - id: std
    type: standardize
    of: checked
    rename: {name: who, town: place}
    set: {name: squeeze(name), town: town || name, first: "upper(name) || 1", year: year(born), age: '1'}
    drop: born
  - id: other
    type: load
    from: x.csv
  - {id: m, type: merge, of: [other, std], on: id}
  - {id: out, type: share, of: m, to: out.csv}
  - id: checked
    type: check
    of: people
    rules: [{name: r, sql: id > 0}]
)");
  EXPECT_NE(found.find("17:32 unsecured first, place, who, year tell"), std::string::npos) << found;
}

TEST(PiiCheck, WhatSqlDoesIsLeftToTheRun) {
  EXPECT_EQ(findings(R"(  - {id: t, type: transform, sql: select count(*) as n from people}
  - {id: out, type: share, of: t, to: out.csv}
)"),
            "");
}

TEST(PiiCheck, ACircleEnds) {
  const std::string found =
      findings(R"(  - {id: a, type: check, of: b, rules: [{name: r, sql: 'true'}]}
  - {id: b, type: check, of: a, rules: [{name: r, sql: 'true'}]}
  - {id: out, type: share, of: a, to: out.csv}
)");
  EXPECT_NE(found.find("cycle"), std::string::npos) << found;
  EXPECT_EQ(found.find("unsecured"), std::string::npos) << found;
}

}  // namespace
}  // namespace cordyna::flow
