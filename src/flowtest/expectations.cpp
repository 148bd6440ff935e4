#include "flowtest/expectations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "flowtest/compare.hpp"

namespace cordyna::flowtest {
namespace {

namespace json = boost::json;
using flow::CasePlace;
using flow::RowsExpectation;
using flow::TaskExpectation;

constexpr std::size_t kShownRows = 5;

class Judge {
 public:
  Judge(const flow::CaseFile& file, const flow::FlowCase& test, const CaseEnd& end,
        const RowReader& read_rows)
      : flow_(*file.flow), expect_(test.expect), end_(end), read_rows_(read_rows) {}

  std::vector<Finding> all() {
    check_state();
    for (const TaskExpectation& task : expect_.tasks) check_task(task);
    check_order();
    if (!expect_.outputs.empty()) {
      check_json(expect_.outputs_place, "outputs", expect_.outputs, end_.run.outputs);
    }
    for (const RowsExpectation& rows : expect_.rows) check_rows(rows);
    if (expect_.duration.has_value()) {
      const Millis took = std::max<Millis>(0, end_.run.ended_at - end_.run.started_at);
      check_delay(expect_.duration_place, "duration", *expect_.duration,
                  end_.run.ended_at == 0 ? std::nullopt : std::optional(took));
    }
    std::ranges::stable_sort(found_, {}, [](const Finding& one) { return one.place.line; });
    return std::move(found_);
  }

 private:
  void differ(CasePlace place, const std::string& what, std::string_view expected,
              std::string_view found, const std::string& more = {}) {
    found_.push_back({place, fmt::format("{}: expected {}, found {}{}", what, shortened(expected),
                                         shortened(found), more)});
  }

  template <class T>
  void check(CasePlace place, const std::string& what, const std::optional<T>& expected, T found) {
    if (expected.has_value() && *expected != found) {
      differ(place, what, fmt::format("{}", *expected), fmt::format("{}", found));
    }
  }

  void check_delay(CasePlace place, const std::string& what, Millis expected,
                   std::optional<Millis> found) {
    if (found == expected) return;
    differ(place, what, format_delay(expected), found.has_value() ? format_delay(*found) : "none");
  }

  void check_json(CasePlace place, const std::string& what, const std::string& expected,
                  const std::string& found) {
    for (const Difference& one : compare(expected, found)) {
      differ(place, one.where.empty() ? what : what + "." + one.where, one.expected, one.found);
    }
  }

  /// "; load: EXIT_NONZERO: 503", of what ended in error, for whoever wonders.
  [[nodiscard]] std::string errors() const {
    std::string out;
    std::size_t count = 0;
    for (const auto& [path, row] : end_.tasks) {
      if (row.state != TaskState::kError || !row.error.has_value()) continue;
      if (++count > kShownRows) return out + "\n  …";
      out += fmt::format("\n  {}: {}: {}", path, info(row.error->code).name,
                         shortened(row.error->message));
    }
    for (const std::string& path : end_.held) out += fmt::format("\n  {}: is held", path);
    if (end_.run.error.has_value()) out += "\n  " + end_.run.error->message;
    return out;
  }

  void check_state() {
    const RunState found = end_.run.state;
    if (expect_.state.has_value()) {
      if (*expect_.state == found) return;
      return differ(expect_.state_place, "state", to_string(*expect_.state), to_string(found),
                    errors());
    }
    if (found == RunState::kCompleted || found == RunState::kWarning) return;
    differ(expect_.place, "state", "completed or warning", to_string(found),
           errors() + "\n  where that is right, write it: state: " + std::string(to_string(found)));
  }

  [[nodiscard]] TaskRow row_of(const std::string& path) const {
    const auto found = end_.tasks.find(path);
    return found == end_.tasks.end() ? TaskRow{} : found->second;
  }

  void check_task(const TaskExpectation& task) {
    const TaskRow row = row_of(task.path);
    const std::string what = "tasks." + task.path;
    if (task.state.has_value() && *task.state != row.state) {
      differ(task.place, what, to_string(*task.state), to_string(row.state), why(row));
    }
    check(task.place, what + ".attempts", task.attempts, static_cast<std::int64_t>(row.attempt));
    check(task.place, what + ".warnings", task.warnings, static_cast<std::int64_t>(row.warnings));
    check(task.place, what + ".held", task.held, end_.held.contains(task.path));
    if (!task.outputs.empty()) {
      check_json(task.place, what + ".outputs", task.outputs, row.outputs);
    }
    if (!task.blocked_by.empty() && task.blocked_by != row.blocked_by) {
      differ(task.place, what + ".blocked_by", task.blocked_by,
             row.blocked_by.empty() ? "nothing" : row.blocked_by);
    }
    check_error(task, row, what);
    const auto attempts = end_.attempts.find(task.path);
    const bool began = attempts != end_.attempts.end() && !attempts->second.empty();
    if (task.started_after.has_value()) {
      check_delay(task.place, what + ".started_after", *task.started_after,
                  began ? std::optional(attempts->second.front().created_at - end_.run.started_at)
                        : std::nullopt);
    }
    if (task.ended_after.has_value()) {
      check_delay(
          task.place, what + ".ended_after", *task.ended_after,
          row.ended_at == 0 ? std::nullopt : std::optional(row.ended_at - end_.run.started_at));
    }
  }

  void check_error(const TaskExpectation& task, const TaskRow& row, const std::string& what) {
    const std::optional<TaskError> error = last_error(task.path, row);
    const std::string_view code = error.has_value() ? info(error->code).name : "no error";
    if (!task.error.empty() && task.error != code) {
      differ(task.place, what + ".error", task.error, code, why(row));
    }
    if (task.message.empty()) return;
    const std::string message = error.has_value() ? error->message : "no error";
    if (message.find(task.message) == std::string::npos) {
      differ(task.place, what + ".message", json_text(task.message), json_text(message));
    }
  }

  /// Also of a task that completed after it failed.
  [[nodiscard]] std::optional<TaskError> last_error(const std::string& path,
                                                    const TaskRow& row) const {
    if (row.error.has_value()) return row.error;
    const auto attempts = end_.attempts.find(path);
    if (attempts == end_.attempts.end()) return std::nullopt;
    for (auto at = attempts->second.rbegin(); at != attempts->second.rend(); ++at) {
      if (at->error.has_value()) return at->error;
    }
    return std::nullopt;
  }

  static std::string json_text(const std::string& text) {
    return json::serialize(json::value(json::string(text.data(), text.size())));
  }

  /// Why a task is where it is, as far as its row says.
  [[nodiscard]] static std::string why(const TaskRow& row) {
    if (row.error.has_value()) {
      return fmt::format("\n  {}: {}", info(row.error->code).name, shortened(row.error->message));
    }
    return row.blocked_by.empty() ? "" : "\n  blocked by " + row.blocked_by;
  }

  void check_order() {
    for (std::size_t i = 0; i + 1 < expect_.order.size(); ++i) {
      const std::string& first = expect_.order[i];
      const std::string& second = expect_.order[i + 1];
      // By the history, for many things happen in one millisecond.
      const auto ended = seq_of(first, true);
      const auto began = seq_of(second, false);
      if (ended.has_value() && began.has_value() && *ended < *began) continue;
      const std::string why = !ended.has_value()   ? first + " has not ended"
                              : !began.has_value() ? second + " has not begun"
                                                   : second + " began before";
      differ(expect_.order_place, "order", fmt::format("{} before {}", first, second), why);
    }
  }

  /// The end of a task, or its begin, as a place in the history.
  [[nodiscard]] std::optional<std::int64_t> seq_of(const std::string& path, bool end) const {
    for (const HistoryRow& row : end_.history) {
      if (row.path != path) continue;
      if (!end || (row.task_state.has_value() && is_final(*row.task_state))) return row.seq;
    }
    return std::nullopt;
  }

  void check_rows(const RowsExpectation& expected) {
    const std::string& path = expected.path;
    const std::string what = "rows." + path;
    boost::system::error_code error;
    const TaskRow row = row_of(path);
    const json::value outputs = json::parse(row.outputs.empty() ? "{}" : row.outputs, error);
    const json::value* data = nullptr;
    const json::value* rows = nullptr;
    if (!error.failed() && outputs.is_object()) {
      data = outputs.get_object().if_contains("data");
      rows = outputs.get_object().if_contains("rows");
    }
    if (expected.count.has_value()) {
      const std::string count = std::to_string(*expected.count);
      const std::string found = rows == nullptr ? "no table" : json::serialize(*rows);
      if (count != found) differ(expected.place, what, count, found, why(row));
      return;
    }
    if (data == nullptr || !data->is_string()) {
      return differ(expected.place, what, fmt::format("{} rows", expected.rows.size()), "no table",
                    why(row));
    }
    const auto found = read_rows_(json::value_to<std::string>(*data));
    if (!found.has_value()) {
      found_.push_back({expected.place, fmt::format("{}: {}", what, found.error().message)});
      return;
    }
    report_rows(expected, what, compare_rows(expected.rows, *found), found->size());
  }

  void report_rows(const RowsExpectation& expected, const std::string& what,
                   const RowDifferences& rows, std::size_t count) {
    if (rows.missing.empty() && rows.unexpected.empty()) return;
    std::string more;
    const auto list = [&more](std::string_view mark, const std::vector<std::string>& texts) {
      for (std::size_t i = 0; i < std::min(texts.size(), kShownRows); ++i) {
        more += fmt::format("\n  {} {}", mark, shortened(texts[i]));
      }
      if (texts.size() > kShownRows) {
        more += fmt::format("\n  {} … and {} more", mark, texts.size() - kShownRows);
      }
    };
    list("- expected:", rows.missing);
    list("+ found:   ", rows.unexpected);
    found_.push_back(
        {expected.place,
         fmt::format("{}: the rows differ: {} expected, {} found; {} missing, {} not expected{}",
                     what, expected.rows.size(), count, rows.missing.size(), rows.unexpected.size(),
                     more)});
  }

  const Flow& flow_;
  const flow::Expectation& expect_;
  const CaseEnd& end_;
  const RowReader& read_rows_;
  std::vector<Finding> found_;
};

}  // namespace

std::string table_of(const std::string& outputs) {
  boost::system::error_code error;
  const json::value whole = json::parse(outputs.empty() ? "{}" : outputs, error);
  if (error.failed() || !whole.is_object()) return {};
  const json::value* const data = whole.get_object().if_contains("data");
  return data == nullptr || !data->is_string() ? std::string() : json::value_to<std::string>(*data);
}

std::vector<Finding> judge(const flow::CaseFile& file, const flow::FlowCase& test,
                           const CaseEnd& end, const RowReader& read_rows) {
  return Judge(file, test, end, read_rows).all();
}

}  // namespace cordyna::flowtest
