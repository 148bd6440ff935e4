/// Reads the tests of a file against its flow: the inside of read_case_file.
///
/// All that is wrong is reported; where something was, the cases mean nothing. Threads: none.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flow/case_file.hpp"
#include "flow/values.hpp"

namespace cordyna::flow {

class CaseReader {
 public:
  /// `folder`: absolute, of the file of tests.
  CaseReader(const Flow& flow, Reporter& reporter, std::string folder);

  [[nodiscard]] std::vector<FlowCase> read(const Node& root);

 private:
  // case_file.cpp
  [[nodiscard]] FlowCase read_case(const Node& node);
  void read_time(const Node& node, FlowCase& test);
  void read_trigger(const Node& node, FlowCase& test);
  void read_secrets(const Node& node, FlowCase& test);
  /// Reports keys that are not `keys`, missing ones, and values that do not fit, but for those of
  /// `inside`, which are read by who knows more. False: `node` is no map.
  bool check_keys(const Node& node, std::span<const KeySpec> keys, std::string_view what,
                  std::span<const std::string_view> inside);
  /// Of a key whose value was checked; nullopt: it is not there, or did not fit.
  [[nodiscard]] static std::optional<std::string_view> text_of(const Node& map,
                                                               std::string_view key);
  [[nodiscard]] static std::optional<std::int64_t> number_of(const Node& map, std::string_view key);
  [[nodiscard]] static std::optional<bool> flag_of(const Node& map, std::string_view key);
  [[nodiscard]] static std::optional<Millis> duration_of(const Node& map, std::string_view key);
  [[nodiscard]] static CasePlace place_of(const Node& node);
  /// The JSON of a key that wants a map; empty: it is not there, or none, which is reported.
  [[nodiscard]] std::string map_of(const Node& map, std::string_view key);
  /// Reports one that the flow does not have.
  [[nodiscard]] std::optional<TaskIndex> find_task(const Node& name);
  /// The same of a path in a run: "each[2]/clean" too, where `each` runs it for each item.
  [[nodiscard]] std::optional<TaskIndex> find_path(const Node& name);
  [[nodiscard]] bool is_error_code(const Node& map, std::string_view key);
  [[nodiscard]] std::optional<Millis> time_of(const Node& map, std::string_view key);

  // case_fixture.cpp
  void read_fixtures(const Node& node, FlowCase& test);
  [[nodiscard]] bool may_have_fixture(const Node& name, TaskIndex task);
  void read_attempt(const Node& node, std::string_view name, Fixture& fixture);
  void read_decision(const Node& node, Fixture& fixture);
  void read_answers(const Node& said, TaskIndex task, FixtureDecision& decision);
  void read_failure(const Node& node, FixtureAttempt attempt, Fixture& fixture);
  void read_data(const Node& node, TaskIndex task, FixtureAttempt& attempt);
  bool check_together(const Node& node, std::string_view name);

  // case_expect.cpp
  [[nodiscard]] Expectation read_expect(const Node& node);
  void read_task(const Node& name, Expectation& expect);
  void read_rows(const Node& name, Expectation& expect);
  void read_order(const Node& list, Expectation& expect);
  /// JSON objects; false: it is no list of maps, which is reported.
  bool rows_of(const Node& list, std::string_view name, std::vector<std::string>& rows);

  const Flow& flow_;
  Reporter& reporter_;
  Uses uses_;
  ValueReader values_;
  std::string folder_;
};

}  // namespace cordyna::flow
