#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "flow/flow_file.hpp"

namespace cordyna::flow {
namespace {

class ContractFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "contract-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ + "/" + name) << text;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

  /// "file:line:column code" of each finding of flow.yaml, whose one task names the contract.
  [[nodiscard]] std::string findings(const std::string& contract) const {
    write("flow.yaml",
          "id: f\ntasks:\n  - {id: a, type: load, from: x.csv, contract: " + contract + "}\n");
    const auto parsed = parse_file(path("flow.yaml"));
    EXPECT_TRUE(parsed.has_value()) << parsed.error().message;
    std::string out;
    for (const Diagnostic& found : parsed->diagnostics) {
      EXPECT_TRUE(found.file.starts_with(folder_)) << found.file;
      out +=
          fmt::format("{}{}:{}:{} {}", out.empty() ? "" : ", ",
                      found.file.substr(folder_.size() + 1), found.line, found.column, found.code);
    }
    return out;
  }

  std::string folder_;
};

TEST_F(ContractFile, IsTakenIntoTheFlow) {
  write("c.yaml", "columns:\n  b: string\n  a: {type: 'double', min: 0.5}\n");
  EXPECT_EQ(findings("c.yaml"), "");
  const auto parsed = parse_file(path("flow.yaml"));
  ASSERT_NE(parsed->flow, nullptr);
  EXPECT_EQ(parsed->flow->folder, std::filesystem::canonical(folder_).string());
  EXPECT_EQ(parsed->flow->tasks[0].params,
            R"({"contract":{"columns":{"b":{"pii":false,"required":false,"type":"string"},)"
            R"("a":{"min":0.5,"pii":false,"required":false,"type":"double"}}},)"
            R"("from":"x.csv","header":true})");
  // A run stays on its version, whatever becomes of the file.
  write("c.yaml", "columns: {other: string}\n");
  const auto back = from_canonical(parsed->canonical, parsed->flow->folder);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ((*back)->tasks[0].params, parsed->flow->tasks[0].params);
}

TEST_F(ContractFile, ItsErrorsStandInTheFileItself) {
  write("c.yaml",
        "columns:\n  a: strng\n  b: {type: date, requird: true}\nrename: {x: c}\nunique: [[a, d]]\n"
        "rows: {min: 5, max: 1}\ndrift: {new: keep}\n");
  EXPECT_EQ(findings("c.yaml"),
            "c.yaml:2:6 bad_value, c.yaml:3:19 unknown_key, c.yaml:7:14 bad_value");
  write("c.yaml",
        "columns: {a: string}\nrename: {x: c}\nunique: [[a, d]]\nrows: {min: 5, max: 1}\n");
  EXPECT_EQ(findings("c.yaml"),
            "c.yaml:2:13 undefined_name, c.yaml:3:14 undefined_name, c.yaml:4:7 bad_value");
}

TEST_F(ContractFile, ThatCannotBeReadIsReportedInTheFlow) {
  EXPECT_EQ(findings("missing.yaml"), "flow.yaml:3:48 contract_file");
  std::filesystem::create_directory(path("folder"));
  EXPECT_EQ(findings("folder"), "flow.yaml:3:48 contract_file");
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(findings("pipe"), "flow.yaml:3:48 contract_file");
  EXPECT_EQ(findings("'{{ run.id }}.yaml'"), "flow.yaml:3:48 template_not_allowed");
  EXPECT_EQ(findings("[a]"), "flow.yaml:3:48 wrong_type");
}

TEST_F(ContractFile, DriftTakesTheWordsOfItsKind) {
  write("c.yaml",
        "columns: {a: string}\ndrift:\n  new: quarantine\n  missing: add\n  type: add\n"
        "  order: quarantine\n");
  EXPECT_EQ(findings("c.yaml"),
            "c.yaml:3:8 bad_value, c.yaml:4:12 bad_value, c.yaml:5:9 bad_value, "
            "c.yaml:6:10 bad_value");
  const auto parsed = parse_file(path("flow.yaml"));
  EXPECT_EQ(parsed->diagnostics[0].message, "'new' is fail, warn, add or ignore, not 'quarantine'");
  write("c.yaml", "columns: {a: string}\ndrift: {new: add, type: quarantine}\n");
  EXPECT_EQ(findings("c.yaml"), "");
}

TEST_F(ContractFile, ToBoolAgreesWithTheRestOfItsColumn) {
  write("c.yaml",
        "columns:\n"
        "  a: {type: int64, to_bool: {Y: true, N: false}}\n"
        "  b: {type: string, to_bool: {Y: true, N: false}, in: [Y, n], match: x}\n"
        "  c: {type: string, to_bool: {Y: yes}}\n"
        "  d: {type: bool, to_bool: {Y: true, N: false}, in: [N, Y]}\n");
  EXPECT_EQ(findings("c.yaml"), "c.yaml:4:34 wrong_type");
  write("c.yaml",
        "columns:\n"
        "  a: {type: int64, to_bool: {Y: true, N: false}}\n"
        "  b: {type: string, to_bool: {Y: true, N: false}, in: [Y, n], match: x}\n"
        "  d: {type: bool, to_bool: {Y: true, N: false}, in: [N, Y]}\n");
  EXPECT_EQ(findings("c.yaml"),
            "c.yaml:2:13 bad_value, c.yaml:3:40 bad_value, c.yaml:3:59 bad_value, "
            "c.yaml:3:70 bad_value");
}

TEST_F(ContractFile, RefsMakeTheTaskWaitForTheOther) {
  write("c.yaml", "columns: {zip: {type: string, refs: zips.v1.code}}\n");
  write("flow.yaml",
        "id: f\ntasks:\n  - {id: a, type: load, from: x.csv, contract: c.yaml}\n"
        "  - {id: zips.v1, type: load, from: z.csv}\n"
        "  - {id: zips, type: log, message: hi}\n");
  const auto parsed = parse_file(path("flow.yaml"));
  ASSERT_NE(parsed->flow, nullptr) << parsed->diagnostics[0].message;
  EXPECT_EQ(parsed->flow->tasks[0].needs, (std::vector<TaskIndex>{1}));
  EXPECT_EQ(parsed->flow->tasks[0].refs, (std::vector<TaskIndex>{1}));
  const auto back = from_canonical(parsed->canonical, parsed->flow->folder);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ((*back)->tasks[0].refs, parsed->flow->tasks[0].refs);
}

TEST_F(ContractFile, RefsNameADataTaskAndAColumn) {
  write("c.yaml", "columns: {zip: {type: string, refs: zip.code}}\n");
  const std::string loads = "\n  - {id: zips, type: load, from: z.csv}";
  EXPECT_EQ(findings("c.yaml}" + loads + "\n  - {id: x, type: log, message: hi"),
            "flow.yaml:3:48 unknown_task");
  EXPECT_EQ(findings("{columns: {z: {type: string, refs: x.code}}}}" + loads +
                     "\n  - {id: x, type: log, message: hi"),
            "flow.yaml:3:83 no_data");
  EXPECT_EQ(findings("{columns: {z: {type: string, refs: a.z}}}"), "flow.yaml:3:83 self_need");
  const std::string zips =
      "\n  - {id: zips, type: load, from: z.csv, contract: {columns: {code: int64}";
  const std::string refs = "{columns: {z: {type: string, refs: zips.cod}}}}";
  EXPECT_EQ(findings(refs + zips + "}"), "flow.yaml:3:83 undefined_name");
  EXPECT_EQ(parse_file(path("flow.yaml"))->diagnostics[0].message,
            "'refs' names column 'cod' of task 'zips', whose contract does not have it; did you "
            "mean 'code'?");
  EXPECT_EQ(findings(refs + zips + ", drift: {new: add}}"), "");
  EXPECT_EQ(findings("{columns: {z: {type: string, refs: code}}}"), "flow.yaml:3:83 bad_value");
}

TEST_F(ContractFile, MayNotBeYamlNorHoldTemplates) {
  write("c.yaml", "columns: [\n");
  EXPECT_EQ(findings("c.yaml"), "c.yaml:2:1 yaml_syntax");
  write("c.yaml", "");
  EXPECT_EQ(findings("c.yaml"), "c.yaml:1:1 empty_file");
  write("c.yaml", "- a\n");
  EXPECT_EQ(findings("c.yaml"), "c.yaml:1:1 wrong_type");
  write("c.yaml", "columns: {a: {type: int64, min: '{{ inputs.n }}'}}\n");
  EXPECT_EQ(findings("c.yaml"), "c.yaml:1:33 template_not_allowed");
}

TEST_F(ContractFile, OfSeveralTasksIsReadAndReportedOnce) {
  write("c.yaml", "columns: {a: strng}\n");
  write("flow.yaml",
        "id: f\ntasks:\n  - {id: a, type: load, from: x, contract: c.yaml}\n"
        "  - {id: b, type: load, from: y, contract: c.yaml}\n");
  EXPECT_EQ(parse_file(path("flow.yaml"))->diagnostics.size(), 1U);
}

TEST_F(ContractFile, FlowFilesThatCannotBeReadAreErrors) {
  EXPECT_EQ(parse_file(path("none.yaml")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(parse_file(folder_).error().code, ErrorCode::kInvalidArgument);
  std::ofstream(path("big.yaml")) << std::string(kFlowBytesMax + 1, '#');
  const auto big = parse_file(path("big.yaml"));
  ASSERT_FALSE(big.has_value());
  EXPECT_EQ(big.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(big.error().message.find("16 MiB"), std::string::npos);
}

}  // namespace
}  // namespace cordyna::flow
