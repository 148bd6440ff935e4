/// A file of tests beside a flow: checked against the flow, or all its errors.
///
/// What the keys mean stands in case_keys.hpp and docs/reference/tests.md. Threads: none.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "flow/flow_file.hpp"
#include "model/states.hpp"
#include "model/task_error.hpp"

namespace cordyna::flow {

/// Where something stands in the file; both from 1.
struct CasePlace {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

enum class FixtureKind : std::uint8_t {
  kCompletes,
  kFails,
  kHangs,
  kData,  ///< its table is `file` or `rows`
  kReal,  ///< no fixture: it is run
};

/// How one attempt of a task ends.
struct FixtureAttempt {
  FixtureKind kind = FixtureKind::kCompletes;
  Millis after = 0;
  std::string outputs{};  ///< JSON object; empty: none
  std::uint32_t warnings = 0;
  std::string hold{};                ///< why a person must decide; empty: nobody must
  std::optional<TaskError> error{};  ///< exactly of kFails
  std::string file{};                ///< of kData: absolute; empty: `rows`
  std::vector<std::string> rows{};   ///< of kData: JSON objects
};

/// A person's word, once the task is held.
struct FixtureDecision {
  bool approve = true;
  std::string by;
  std::string note;
  Millis after = 0;
  GivenInputs with{};  ///< of an approval: what the person gives
};

struct Fixture {
  TaskIndex task = 0;
  std::vector<FixtureAttempt> attempts;  ///< the last one holds for all that follow; never empty,
                                         ///< but where there is only a decision
  std::optional<FixtureDecision> decision;
};

/// Which tasks without a fixture are run for real.
enum class RunReal : std::uint8_t { kData, kNone, kAll };

/// What is expected of one task; what is not named is not compared.
struct TaskExpectation {
  std::string path;
  CasePlace place;
  std::optional<TaskState> state;
  std::optional<std::int64_t> attempts;
  std::string outputs;  ///< JSON; empty: not named
  std::string error;
  std::string message;
  std::string blocked_by;
  std::optional<std::int64_t> warnings;
  std::optional<bool> held;
  std::optional<Millis> started_after;
  std::optional<Millis> ended_after;
};

struct RowsExpectation {
  std::string path;  ///< of a task: "load", "each[2]/load"
  CasePlace place;
  std::optional<std::int64_t> count;
  std::vector<std::string> rows;  ///< JSON objects; counts where `count` is not there
};

struct Expectation {
  CasePlace place;
  std::optional<RunState> state;
  CasePlace state_place;
  std::vector<TaskExpectation> tasks;
  std::vector<std::string> order;
  CasePlace order_place;
  std::string outputs;  ///< JSON; empty: not named
  CasePlace outputs_place;
  std::vector<RowsExpectation> rows;
  std::optional<Millis> duration;
  CasePlace duration_place;
};

struct FlowCase {
  std::string id;
  std::string description;
  CasePlace place;
  GivenInputs inputs;
  Millis at = 0;
  Scheduled scheduled;
  std::optional<std::size_t> trigger;  ///< its place in the flow: it gives the inputs
  std::string event;                   ///< JSON object: what a webhook brings; empty: none
  std::vector<std::pair<std::string, std::string>> secrets;
  std::uint32_t slots = 4;
  RunReal real = RunReal::kData;
  Millis timeout = 0;
  std::vector<Fixture> fixtures;
  Expectation expect;
};

struct CaseFile {
  std::string file;  ///< as messages name it
  std::string flow_file;
  std::shared_ptr<const Flow> flow;  ///< null: it has errors
  std::string canonical;
  std::vector<FlowCase> cases;
  std::vector<Diagnostic> diagnostics;  ///< of both files; without an error, the cases are there
  bool good = false;
};

inline constexpr std::size_t kCaseBytesMax = std::size_t{16} << 20;

[[nodiscard]] bool is_case_file(std::string_view name);  ///< "x.test.yaml", "x.test.yml"
/// The file of tests beside a flow's file; empty: there is none.
[[nodiscard]] std::string case_file_beside(const std::string& flow_file);

/// Reads a file of tests and its flow. Errors: as read_text_file, for the file itself.
[[nodiscard]] Result<CaseFile> read_case_file(const std::string& path,
                                              const PluginTypes* types = nullptr);

/// The JSON Schema (2020-12) of these files, and their reference as Markdown.
[[nodiscard]] std::string case_json_schema();
[[nodiscard]] std::string case_reference_as_markdown();

}  // namespace cordyna::flow
