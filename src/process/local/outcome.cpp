#include "process/local/outcome.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/time.hpp"
#include "model/layout.hpp"
#include "process/local/dir_ptr.hpp"
#include "process/local/files.hpp"

namespace cordyna::local {
namespace {

namespace json = boost::json;

constexpr int kFolderDepthMax = 64;
constexpr std::size_t kHoldBytesMax = 4096;
constexpr int kKilledCode = 137;  // as a shell reports SIGKILL
constexpr std::string_view kFilesOutput = "files";

Result<json::object> parse_objects(std::string_view text) {
  json::object merged;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (text.empty()) return merged;
    json::stream_parser parser;
    json::error_code error;
    const std::size_t used = parser.write_some(text.data(), text.size(), error);
    if (!error && !parser.done()) parser.finish(error);
    if (error) {
      return fail(
          ErrorCode::kInvalidArgument,
          "not valid JSON near '" + clean_text(text.substr(0, 40), 60) + "': " + error.message());
    }
    const json::value value = parser.release();
    if (!value.is_object()) {
      return fail(ErrorCode::kInvalidArgument,
                  "expected a JSON object, as in {\"rows\": 3}, near '" +
                      clean_text(text.substr(0, 40), 60) + "'");
    }
    for (const auto& [name, member] : value.get_object()) merged[name] = member;
    text.remove_prefix(used);
  }
}

bool is_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (name.empty() || !letter(name[0])) return false;
  return std::ranges::all_of(
      name, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
}

Result<json::object> parse_lines(std::string_view text) {
  json::object object;
  for (int line_no = 1; !text.empty(); ++line_no) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    const std::size_t equals = line.find('=');
    const std::string_view name = line.substr(0, equals);
    if (equals == std::string_view::npos || !is_name(name)) {
      return fail(ErrorCode::kInvalidArgument, "line " + std::to_string(line_no) + " ('" +
                                                   clean_text(line.substr(0, 60), 80) +
                                                   "') is not name=value");
    }
    const std::string_view value = line.substr(equals + 1);
    const std::string clean = clean_text(value, value.size() + 1);
    std::string tabs(value);
    std::ranges::replace(tabs, '\t', ' ');
    if (clean.size() != value.size() || clean != tabs) {
      return fail(ErrorCode::kInvalidArgument,
                  "the value of '" + std::string(name) +
                      "' is not UTF-8 text without control characters; write it as JSON");
    }
    object[json::string_view(name.data(), name.size())] =
        json::string_view(value.data(), value.size());
  }
  return object;
}

Result<json::object> outputs_object(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  const bool is_json = start != std::string_view::npos && text[start] == '{';
  return is_json ? parse_objects(text) : parse_lines(text);
}

struct Listing {
  json::object files;
  std::string root;  ///< absolute
};

Result<> list_files(Fd folder, const std::string& prefix, int depth, Listing& listing) {
  if (depth > kFolderDepthMax) {
    return fail(ErrorCode::kInvalidArgument,
                "artifacts are nested deeper than " + std::to_string(kFolderDepthMax) + " folders");
  }
  const DirPtr dir(fdopendir(folder.get()));
  if (dir == nullptr) return fail(ErrorCode::kUnavailable, "artifacts: " + errno_text(errno));
  const int fd = folder.release();
  while (const dirent* entry = readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status{};
    if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const std::string path = prefix + std::string(name);
    if (clean_text(path, path.size()) != path) {
      return fail(ErrorCode::kInvalidArgument,
                  "the name of the artifact '" + clean_text(path, 200) + "' is not UTF-8 text");
    }
    if (S_ISDIR(status.st_mode)) {
      Fd inner = open_folder(fd, entry->d_name);
      if (inner.valid()) TRY(list_files(std::move(inner), path + "/", depth + 1, listing));
    } else if (S_ISREG(status.st_mode)) {
      if (listing.files.size() == kArtifactsMax) {
        return fail(ErrorCode::kInvalidArgument,
                    "more than " + std::to_string(kArtifactsMax) + " artifacts");
      }
      listing.files[path] = listing.root + "/" + path;
    }
  }
  return {};
}

Result<> add_artifacts(int folder, const std::string& path, json::object& outputs) {
  const std::string name(attempt_file::kArtifacts);
  Fd artifacts = open_folder(folder, name.c_str());
  if (!artifacts.valid()) return {};  // removed when empty; a link is not followed
  Listing listing{{}, path + "/" + name};
  TRY(list_files(std::move(artifacts), "", 0, listing));
  if (listing.files.empty()) return {};
  if (outputs.contains(kFilesOutput)) {
    return fail(ErrorCode::kInvalidArgument,
                "'files' names the artifacts; an output of that name needs another one");
  }
  outputs[kFilesOutput] = std::move(listing.files);
  return {};
}

/// What a program of ours says of its end.
struct Report {
  json::object outputs;
  std::uint32_t warnings = 0;
  std::optional<TaskError> error;
  std::string hold;
  std::optional<Measurement> measurement;
};

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<Report> read_report(int folder) {
  Report report;
  const std::string name(attempt_file::kReport);
  auto text = read_regular_file(folder, name.c_str(), kOutputsBytesMax);
  if (!text.has_value()) {
    if (text.error().code == ErrorCode::kNotFound) return report;
    return std::unexpected<Error>(std::move(text.error()));
  }
  json::error_code parse_error;
  const json::value value = json::parse(*text, parse_error);
  if (parse_error || !value.is_object()) {
    return fail(ErrorCode::kCorrupt, "the report is not a JSON object");
  }
  const json::object& object = value.get_object();
  if (const auto* outputs = object.if_contains("outputs"); outputs && outputs->is_object()) {
    report.outputs = outputs->get_object();
  }
  if (const auto* warnings = object.if_contains("warnings"); warnings && warnings->is_int64()) {
    report.warnings =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(warnings->get_int64(), 0, 1'000'000));
  }
  report.hold = clean_text(text_of(object, "hold"), kHoldBytesMax);
  if (const auto* point = object.if_contains("measurement"); point && point->is_object()) {
    const json::object& fields = point->get_object();
    const json::value* facts = fields.if_contains("facts");
    const auto verdict = parse_point_verdict(text_of(fields, "verdict"));
    std::string series = text_of(fields, "series");
    if (!verdict.has_value() || series.empty() || facts == nullptr) {
      return fail(ErrorCode::kCorrupt, "the report's measurement is not complete");
    }
    report.measurement = Measurement{std::move(series), *verdict, json::serialize(*facts)};
  }
  if (const auto* error = object.if_contains("error"); error && error->is_object()) {
    const json::object& fields = error->get_object();
    const auto code = parse_task_error_code(text_of(fields, "code"));
    const auto phase = parse_phase(text_of(fields, "phase"));
    report.error = make_task_error(code.value_or(TaskErrorCode::kInternal),
                                   phase.value_or(Phase::kRun), text_of(fields, "message"));
    if (const auto* again = fields.if_contains("retryable"); again && again->is_bool()) {
      report.error->retryable = again->get_bool();
    }
  }
  return report;
}

/// Of a report by a process that the user's own code ran in: of an attempt that has failed, why.
Report code_of(const Report& given, const ExitRecord& record) {
  using C = TaskErrorCode;
  constexpr std::array kSayable{C::kExitNonzero,       C::kInputInvalid, C::kOutputInvalid,
                                C::kSourceUnavailable, C::kToolMissing,  C::kNoSpace,
                                C::kTaskFailed,        C::kRejected,     C::kTimeoutAcknowledge,
                                C::kTimeoutStart,      C::kSpawnFailed};
  Report report;
  if (!given.error.has_value() || record.exit_code == 0 || record.last_error_line.empty() ||
      std::ranges::find(kSayable, given.error->code) == kSayable.end()) {
    return report;
  }
  report.error = make_task_error(given.error->code, given.error->phase, record.last_error_line);
  report.error->retryable = given.error->retryable;
  return report;
}

Result<json::object> read_outputs(int folder) {
  const std::string name(attempt_file::kOutputs);
  auto text = read_regular_file(folder, name.c_str(), kOutputsBytesMax);
  if (text.has_value()) return outputs_object(*text);
  if (text.error().code == ErrorCode::kNotFound) return json::object();
  return std::unexpected<Error>(std::move(text.error()));
}

std::string with_last_line(std::string message, const ExitRecord& record) {
  if (!record.last_error_line.empty()) message += ": " + record.last_error_line;
  return message;
}

/// "512 MB", "63.9 MB", "1.5 KB": as `resources` are written.
std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"B", "KB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  std::string out(text);
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out + " " + std::string(kUnits[unit]);
}

TaskError error_of_limit(const ExitRecord& record) {
  using C = TaskErrorCode;
  TaskError error;
  switch (record.over) {
    case Over::kNothing:
    case Over::kMemory: {
      const std::string allowed = bytes_text(record.over_limit);
      error = make_task_error(
          C::kOutOfMemory, Phase::kRun,
          record.memory_peak > 0
              ? "out of memory: used " + bytes_text(record.memory_peak) + " of " + allowed
              : with_last_line("out of memory: a process wanted more than its " + allowed, record));
      break;
    }
    case Over::kCpuTime:
      error = make_task_error(C::kTimeoutComplete, Phase::kRun,
                              "out of CPU time: a process used all of its " +
                                  format_delay(static_cast<Millis>(record.over_limit)));
      break;
    case Over::kFileSize:
      error = make_task_error(
          C::kNoSpace, Phase::kRun,
          with_last_line("a file grew larger than its " + bytes_text(record.over_limit), record));
      break;
  }
  error.exit_code = record.exit_code;
  return error;
}

/// Why it failed, by its record alone; nullopt: it did not.
std::optional<TaskError> error_of(const ExitRecord& record) {
  using C = TaskErrorCode;
  if (!record.disk_error.empty()) {
    // A disk that fails otherwise has no code of its own; to the attempt it is the same.
    return make_task_error(C::kNoSpace, Phase::kInfra, record.disk_error);
  }
  if (!record.spawn_error.empty()) {
    return make_task_error(C::kSpawnFailed, Phase::kStart, record.spawn_error);
  }
  if (record.timeout) {
    return make_task_error(
        C::kTimeoutComplete, Phase::kRun,
        with_last_line("not completed within " + format_delay(record.ended - record.started) +
                           "; it was ended",
                       record));
  }
  if (record.over != Over::kNothing) return error_of_limit(record);
  std::optional<TaskError> error;
  if (record.signal == SIGKILL || record.exit_code == kKilledCode) {
    const std::string how =
        record.signal == SIGKILL ? "killed by SIGKILL from outside" : "exit code 137 (killed)";
    error = make_task_error(C::kOutOfMemory, Phase::kRun,
                            with_last_line(how + ", most often because memory ran out", record));
  } else if (record.signal != 0) {
    const char* const name = sigabbrev_np(record.signal);
    error = make_task_error(
        C::kSignalled, Phase::kRun,
        with_last_line("ended by signal " + std::to_string(record.signal) +
                           (name != nullptr ? std::string(" (SIG") + name + ")" : std::string()),
                       record));
  } else if (record.exit_code != 0) {
    error =
        make_task_error(C::kExitNonzero, Phase::kRun,
                        with_last_line("exit code " + std::to_string(record.exit_code), record));
  }
  if (error.has_value()) error->exit_code = record.exit_code;
  return error;
}

}  // namespace

Result<std::string> parse_outputs(std::string_view text) {
  TRY_ASSIGN(const json::object object, outputs_object(text));
  return json::serialize(object);
}

Outcome failed_outcome(TaskErrorCode code, Phase phase, std::string message) {
  Outcome outcome;
  outcome.state = AttemptState::kFailed;
  outcome.error = make_task_error(code, phase, std::move(message));
  return outcome;
}

Outcome cancelled_outcome() {
  Outcome outcome;
  outcome.state = AttemptState::kCancelled;
  return outcome;
}

Outcome make_outcome(const ExitRecord& record, const std::string& path, ReportTrust trust) {
  if (record.cancelled && !record.timeout) return cancelled_outcome();
  const auto invalid = [](const Error& error) {
    return failed_outcome(TaskErrorCode::kOutputInvalid, Phase::kResult, error.message);
  };
  const Fd folder = record.left_nothing ? Fd() : open_folder(AT_FDCWD, path.c_str());
  std::optional<TaskError> error = error_of(record);
  Report report;
  if (trust != ReportTrust::kNone && folder.valid()) {
    auto read = read_report(folder.get());
    if (!read.has_value() && !error.has_value()) return invalid(read.error());
    if (read.has_value())
      report = trust == ReportTrust::kAll ? *std::move(read) : code_of(*read, record);
  }
  const bool reported_beats = record.disk_error.empty() && record.spawn_error.empty() &&
                              !record.timeout && record.signal == 0 &&
                              record.over == Over::kNothing;
  if (report.error.has_value() && reported_beats) {
    report.error->exit_code = record.exit_code;
    error = std::move(report.error);
  }
  Outcome outcome;
  outcome.warnings = report.warnings;
  outcome.measurement = std::move(report.measurement);
  if (error.has_value()) {
    outcome.state = AttemptState::kFailed;
    outcome.error = std::move(error);
    return outcome;
  }
  outcome.note = record.note;
  if (!folder.valid()) return outcome;
  auto outputs = read_outputs(folder.get());
  if (!outputs.has_value()) return invalid(fail("$DYNA_OUTPUTS", outputs.error()).error());
  for (const auto& [name, value] : report.outputs) (*outputs)[name] = value;
  if (const auto added = add_artifacts(folder.get(), path, *outputs); !added.has_value()) {
    return invalid(fail("$DYNA_ARTIFACTS", added.error()).error());
  }
  outcome.hold = std::move(report.hold);
  if (!outputs->empty()) outcome.outputs = json::serialize(*outputs);
  return outcome;
}

}  // namespace cordyna::local
