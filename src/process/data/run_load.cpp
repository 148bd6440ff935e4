/// Loads: the look at the source, drift, rejects, the contract's rules.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "process/data/compile.hpp"
#include "process/data/csv_ends.hpp"
#include "process/data/csv_header.hpp"
#include "process/data/file_kind.hpp"
#include "process/data/files.hpp"
#include "process/data/remote_run.hpp"
#include "process/data/run_bigquery.hpp"
#include "process/data/runner.hpp"
#include "process/data/whole_file.hpp"

namespace cordyna::data {
namespace {

constexpr std::string_view kWriteLatin =
    "encoding: latin-1 in the task, or whatever encoding it has";

/// Whether the reject's reason for this column quotes a number like '1,234,567'.
bool has_grouped_number(const Fact& reject, const std::string& column) {
  for (const std::string& reason : reject.reasons) {
    const std::string begin = column + ": '";
    if (!reason.starts_with(begin)) continue;
    const std::string_view value = std::string_view(reason).substr(
        begin.size(), reason.find('\'', begin.size()) - begin.size());
    const std::size_t comma = value.find(',');
    if (comma == std::string_view::npos || comma == 0 || comma > 3) continue;
    if (value.find_first_not_of("0123456789,.") == std::string_view::npos) return true;
  }
  return false;
}

class Loader {
 public:
  Loader(StepRun& run, LoadParams load) : run_(run), load_(std::move(load)), path_(load_.from) {}

  StepResult<> load() {
    if (load_.database.has_value()) {
      STEP_TRY_ASSIGN(FetchedRows fetched, fetch_database(run_, load_));
      path_ = std::move(fetched.path);
      loose_ = std::move(fetched.loose);
    } else if (load_.bigquery.has_value()) {
      STEP_TRY_ASSIGN(FetchedRows fetched, fetch_bigquery(run_, load_));
      path_ = std::move(fetched.path);
      loose_ = std::move(fetched.loose);
    } else {
      STEP_TRY(open_source());
    }
    STEP_TRY_ASSIGN(const FileStamp before, stamp());
    STEP_TRY(run_.link_input(0, path_));
    STEP_TRY(open_refs());
    STEP_TRY(before_empty(before));
    STEP_TRY(check_kind());
    STEP_TRY(check_end());
    STEP_TRY(look());
    STEP_TRY_ASSIGN(facts_, read());
    STEP_TRY(read_in_latin());
    STEP_TRY(count_rejects());
    STEP_TRY_ASSIGN(const FileStamp after, stamp());
    if (after != before) return changed();
    STEP_TRY(judge_rejects());
    run_.take_output_facts(facts_);
    run_.mark_pii([this](const std::string& name) { return is_pii(name); });
    STEP_TRY(judge_contract());
    STEP_TRY_ASSIGN(run_.report.data, run_.keep(kOutData, ""));
    run_.say(fmt::format("{} rows in, {} out, {} rejected, {} columns", grouped(rows_in_),
                         grouped(run_.report.rows), grouped(rejected_), run_.report.schema.size()));
    return {};
  }

 private:
  /// Brings what is on a server here first: nothing else of the step knows of it.
  StepResult<> open_source() {
    path_ = load_.from;
    if (!load_.is_remote()) {
      if (load_.sha256.empty()) return {};
      STEP_TRY(stamp());
      return check_sha256(path_, load_.from, load_.sha256);
    }
    STEP_TRY_ASSIGN(const Fetched fetched,
                    load_.files.empty() ? fetch(run_, load_) : fetch_many(run_, load_));
    path_ = fetched.path;
    whole_ = fetched.whole;
    load_.from = run_.report.source->url;
    if (fetched.joined) load_.compression = "none";
    if (fetched.encoding.empty()) return {};
    if (load_.compression != "none") return {};  // a .gz that the server calls gzip: packed once
    if (fetched.encoding == "gzip" || fetched.encoding == "zstd") {
      load_.compression = fetched.encoding;
      return {};
    }
    return step_fail(
        TaskErrorCode::kSchemaChanged,
        fmt::format("{} came packed as '{}' (Content-Encoding); gzip and zstd are read", load_.from,
                    fetched.encoding));
  }

  /// A packed file must have its end; of one whose end nobody told, the last line should have.
  StepResult<> check_end() {
    const std::uint64_t bytes_max = load_.is_remote() ? load_.remote.transfer.bytes_max : 0;
    const Result<> whole = check_whole(path_, load_.compression, bytes_max);
    if (!whole.has_value()) {
      const bool large = whole.error().code == ErrorCode::kInvalidArgument;
      return step_fail(large ? TaskErrorCode::kRemoteRefused : TaskErrorCode::kSourceUnavailable,
                       fmt::format("{} {}", load_.from, whole.error().message));
    }
    if (whole_ || load_.compression != "none" || load_.format == FileFormat::kParquet) return {};
    STEP_TRY_ASSIGN(const std::string last, last_byte());
    if (last == "\n" || last == "\r" || last == std::string_view("\0", 1)) return {};
    run_.warn(
        fmt::format("{}: the server told no length, and the last line does not end with a "
                    "line break: it may be cut short; 'sha256' would make sure",
                    load_.from));
    return {};
  }

  [[nodiscard]] StepResult<std::string> last_byte() const {
    std::ifstream file(path_, std::ios::binary);
    file.seekg(-1, std::ios::end);
    const int last = file.get();
    if (file.good()) return std::string(1, static_cast<char>(last));
    return step_fail(TaskErrorCode::kSourceUnavailable, "cannot read " + path_);
  }

  [[nodiscard]] StepResult<FileStamp> stamp() const {
    const Result<FileStamp> found = stamp_file(path_);
    if (found.has_value()) return *found;
    return step_fail(TaskErrorCode::kSourceUnavailable, found.error().message);
  }

  [[nodiscard]] StepResult<> before_empty(const FileStamp& before) const {
    if (before.size_bytes > 0) return {};
    return step_fail(TaskErrorCode::kSchemaChanged, fmt::format("{} is empty", load_.from));
  }

  /// The data that columns of the contract refer to. Its columns are looked up as in/0 and up, so
  /// it must report them; a step of ours always does.
  StepResult<> open_refs() {
    if (!load_.contract.has_value() || load_.contract->refs.empty()) return {};
    run_.duckdb
        .keep_order();  // to look a value up is a join, and places of rows become line numbers
    for (const Upstream& upstream : run_.step.upstream) {
      STEP_TRY(run_.link_upstream(refs_.size() + 1, upstream));
      refs_.push_back(upstream);
    }
    return {};
  }

  [[nodiscard]] std::unexpected<TaskError> changed() const {
    return step_fail(TaskErrorCode::kSourceUnavailable,
                     fmt::format("{} changed while it was read", load_.from));
  }

  /// A script of ours that DuckDB does not understand is a bug; else the file is at fault.
  StepResult<std::vector<Fact>> query(const std::string& script) {
    StepResult<std::vector<Fact>> facts = run_.query(script);
    if (facts.has_value() || facts.error().code != TaskErrorCode::kSqlFailed) return facts;
    STEP_TRY(stamp());
    for (const std::string_view kind : {"Parser", "Binder", "Catalog", "INTERNAL"}) {
      if (!facts.error().message.starts_with(kind)) continue;
      return step_fail(TaskErrorCode::kInternal, facts.error().message);
    }
    return step_fail(TaskErrorCode::kSourceUnavailable,
                     fmt::format("{} cannot be read: {}", load_.from, facts.error().message));
  }

  /// A finding that the policy lets pass, told or not; else the error, with what to write if the
  /// source is right.
  StepResult<> drifted(Drift policy, std::string message, std::string_view then) {
    if (policy == Drift::kFail) {
      return step_fail(
          TaskErrorCode::kSchemaChanged,
          fmt::format("{}: {}; if that is right from now on, write {}", load_.from, message, then));
    }
    if (policy == Drift::kWarn) run_.warn(fmt::format("{}: {}", load_.from, message));
    return {};
  }

  /// A file that is not what its name or its task says.
  StepResult<> check_kind() {
    constexpr std::size_t kLookBytes = 4096;
    const Result<std::string> text = read_front(path_, kLookBytes);
    if (!text.has_value()) {
      return step_fail(TaskErrorCode::kSourceUnavailable, text.error().message);
    }
    const FileKind kind = kind_of_file(*text);
    if (!kind.foreign.empty()) {
      return step_fail(
          TaskErrorCode::kSchemaChanged,
          fmt::format("{} is {}: CSV, JSON lines or Parquet is wanted, plain or packed "
                      "with gzip or zstd",
                      load_.from, kind.foreign));
    }
    if (text->starts_with("\xef\xbb\xbf")) source_.mark_bytes = 3;
    if (kind.compression != load_.compression) {
      STEP_TRY(
          drifted(load_.drift().format,
                  fmt::format("its compression is {}, not {}", kind.compression, load_.compression),
                  "drift: {format: warn} in the contract"));
      load_.compression = kind.compression;
    }
    if (kind.encoding != "" && load_.encoding.empty() && load_.format != FileFormat::kParquet) {
      STEP_TRY(drifted(load_.drift().encoding, "it is written in UTF-16, not in UTF-8",
                       "encoding: utf-16 in the task"));
      load_.encoding = kind.encoding;
    }
    if (kind.compression == "none" && kind.encoding.empty() && kind.format != load_.format) {
      STEP_TRY(drifted(
          load_.drift().format,
          fmt::format("it is {}, not {}", to_string(kind.format), to_string(load_.format)),
          fmt::format("format: {} in the task", kind.format == FileFormat::kCsv    ? "csv"
                                                : kind.format == FileFormat::kJson ? "json"
                                                                                   : "parquet")));
      load_.format = kind.format;
    }
    return {};
  }

  /// Where the policy allows another encoding, lines that are not UTF-8 are read as Latin-1.
  StepResult<> read_in_latin() {
    const bool broken = std::ranges::any_of(facts_, [](const Fact& fact) { return fact.encoding; });
    if (!broken || !load_.encoding.empty() || load_.drift().encoding == Drift::kFail) return {};
    STEP_TRY(drifted(load_.drift().encoding, "it is not written in UTF-8; read as Latin-1",
                     kWriteLatin));
    load_.encoding = "latin-1";
    STEP_TRY_ASSIGN(facts_, read());
    return {};
  }

  StepResult<> look() {
    if (load_.format == FileFormat::kCsv) {
      if (!load_.contract.has_value()) return {};
      STEP_TRY(look_at_csv());
      return mark_long_lines();
    }
    if (load_.format == FileFormat::kParquet && !load_.contract.has_value()) return {};
    STEP_TRY_ASSIGN(const std::vector<Fact> facts, query(compile_look(load_)));
    for (const Fact& fact : facts) {
      if (fact.kind == "column" || fact.kind == "key") {
        // The contract says what such a number is, and its text is held against that.
        const bool loose = std::ranges::find(loose_, fact.name) != loose_.end();
        source_.columns.push_back({fact.name, loose ? "" : fact.type});
      }
      if (fact.kind == "lines") source_.lines_invalid = static_cast<std::uint64_t>(fact.extra);
    }
    if (load_.format == FileFormat::kJson && source_.columns.empty()) {
      return step_fail(
          TaskErrorCode::kSchemaChanged,
          fmt::format("{} holds no JSON object: one on each line is wanted", load_.from));
    }
    return map(false);
  }

  StepResult<std::string> front() {
    constexpr std::size_t kFrontBytes = std::size_t{1} << 20;
    if (load_.compression == "none" && load_.encoding.empty()) {
      Result<std::string> text = read_front(path_, kFrontBytes);
      if (text.has_value()) return std::move(*text);
      return step_fail(TaskErrorCode::kSourceUnavailable, text.error().message);
    }
    STEP_TRY_ASSIGN(const std::vector<Fact> facts, query(compile_look(load_)));
    std::string text;
    for (const Fact& fact : facts) text += fact.text + "\n";
    return text;
  }

  StepResult<> look_at_csv() {
    if (!load_.delimiter.empty()) source_.delimiter = load_.delimiter;
    if (!load_.header) {
      source_.header_lines = 0;
      for (const ColumnSpec& column : load_.contract->columns) {
        source_.columns.push_back({column.name, ""});
      }
      return map(true);
    }
    STEP_TRY_ASSIGN(const std::string text, front());
    STEP_TRY_ASSIGN(CsvHeader header, parse(text, source_.delimiter));
    STEP_TRY(check_delimiter(text, header));
    source_.header_lines = header.lines;
    for (std::string& name : header.names) source_.columns.push_back({std::move(name), ""});
    return map(true);
  }

  /// DuckDB lets a value too many pass where it is empty; such lines are marked for it to reject.
  StepResult<> mark_long_lines() {
    if (source_.delimiter.size() != 1 || load_.quote.size() > 1) return {};
    const CsvShape shape{source_.delimiter.front(),
                         load_.quote.empty() ? '\0' : load_.quote.front(), source_.columns.size(),
                         load_.nulls};
    std::string path = path_;
    if (load_.compression != "none" || !load_.encoding.empty()) {
      STEP_TRY_ASSIGN(const std::vector<Fact> facts, query(compile_long_look(load_, source_)));
      const bool none = std::ranges::none_of(
          facts, [](const Fact& fact) { return fact.kind == "long" && fact.n > 0; });
      if (none) return {};
      STEP_TRY(query(compile_unpack(load_)));
      STEP_TRY(run_.relink_input(0, kOutPlain));
      load_.compression = "none";
      load_.encoding.clear();
      source_.mark_bytes = 0;
      path = fmt::format("{}/{}", run_.step.paths.work, kOutPlain);
    }
    const Result<std::uint64_t> count = count_overlong(path, shape);
    if (!count.has_value()) return unreadable(count.error());
    if (*count == 0) return {};
    const Result<> marked =
        mark_overlong(path, fmt::format("{}/{}", run_.step.paths.work, kOutMarked), shape);
    if (!marked.has_value()) return unreadable(marked.error());
    return run_.relink_input(0, kOutMarked);
  }

  [[nodiscard]] static std::unexpected<TaskError> unreadable(const Error& error) {
    const bool full = is_no_space(error);
    return step_fail(full ? TaskErrorCode::kNoSpace : TaskErrorCode::kSourceUnavailable,
                     error.message, full ? Phase::kInfra : Phase::kRun);
  }

  [[nodiscard]] StepResult<CsvHeader> parse(const std::string& text,
                                            const std::string& delimiter) const {
    Result<CsvHeader> header = parse_csv_header(text, delimiter, load_.quote);
    if (header.has_value()) return std::move(*header);
    return step_fail(TaskErrorCode::kSchemaChanged,
                     fmt::format("{}: {}", load_.from, header.error().message));
  }

  /// A header that makes no sense with the delimiter wanted, but does with another.
  StepResult<> check_delimiter(const std::string& text, CsvHeader& header) {
    if (count_known(*load_.contract, header.names) > 0) return {};
    for (const std::string_view other : {",", ";", "|", "\t"}) {
      if (other == source_.delimiter) continue;
      STEP_TRY_ASSIGN(CsvHeader found, parse(text, std::string(other)));
      if (count_known(*load_.contract, found.names) < 2) continue;
      std::string message =
          fmt::format("{} is delimited by '{}', not by '{}'", load_.from, other, source_.delimiter);
      if (load_.contract->drift.delimiter == Drift::kFail) {
        return step_fail(
            TaskErrorCode::kSchemaChanged,
            fmt::format("{}; if that is right from now on, write delimiter: {} in the task",
                        message, other == "\t" ? "\"\\t\"" : fmt::format("'{}'", other)));
      }
      if (load_.contract->drift.delimiter == Drift::kWarn) run_.warn(std::move(message));
      source_.delimiter = other;
      header = std::move(found);
      return {};
    }
    return {};
  }

  StepResult<> map(bool ordered) {
    if (!load_.contract.has_value()) return {};
    STEP_TRY_ASSIGN(ColumnMap map,
                    map_columns(*load_.contract, source_.columns, load_.from, ordered));
    for (std::string& warning : map.warnings) run_.warn(std::move(warning));
    source_.map = std::move(map.columns);
    STEP_TRY_ASSIGN(source_.refs, map_refs(*load_.contract, refs_));
    return {};
  }

  /// Most files are clean, and those are read in one pass; for others that pass is given up at the
  /// first row that is not.
  StepResult<std::vector<Fact>> read() {
    if (has_clean_load(load_, source_)) {
      STEP_TRY_ASSIGN(const ScriptEnd end, run_.run(compile_clean_load(load_, source_)));
      if (!end.failed) {
        std::vector<Fact> facts = parse_facts(end.lines);
        if (!sets_keys_aside(facts)) return facts;
      }
    }
    return query(compile_load(load_, source_));
  }

  [[nodiscard]] bool sets_keys_aside(const std::vector<Fact>& facts) const {
    return std::ranges::any_of(facts, [this](const Fact& fact) {
      return fact.kind == "unique" && fact.n > 0 &&
             unique_label(*load_.contract, static_cast<std::size_t>(fact.rule)).has_value();
    });
  }

  StepResult<> count_rejects() {
    for (const Fact& fact : facts_) {
      if (fact.kind == "loaded") {
        rows_in_ += fact.n;
        rejected_ += fact.extra;
      } else if (fact.kind == "structural") {
        rows_in_ += fact.n;
        rejected_ += fact.n;
        not_utf8_ = fact.extra;
        source_.encoding_broken = fact.encoding;
      }
    }
    if (!load_.contract.has_value() && load_.format == FileFormat::kJson) {
      const auto invalid = static_cast<std::int64_t>(source_.lines_invalid);
      rows_in_ += invalid;
      rejected_ += invalid;
    }
    run_.report.rows_in = rows_in_;
    run_.report.counts.emplace_back("rejected", rejected_);
    if (rejected_ == 0) return {};
    const bool done = load_.contract.has_value() && load_.format == FileFormat::kJson;
    if (!done) {
      STEP_TRY_ASSIGN(const std::vector<Fact> told, query(compile_rejects(load_, source_)));
      facts_.insert(facts_.end(), told.begin(), told.end());
    }
    STEP_TRY_ASSIGN(rejects_file_, run_.keep(kOutRejects, "rejects"));
    return {};
  }

  /// "line 3: price: 'abc' is not a value of type int64 — 2|abc|x"
  [[nodiscard]] std::vector<std::string> first_rejects() const {
    std::vector<std::string> out;
    for (const Fact& fact : facts_) {
      if (fact.kind != "reject" || out.size() == 3) continue;
      std::string raw = fact.text;
      std::ranges::replace(raw, '\n', ' ');
      const bool unseen = load_.contract.has_value() && has_pii(*load_.contract);
      out.push_back(fmt::format("{}{}{}", fact.line > 0 ? fmt::format("line {}: ", fact.line) : "",
                                fmt::join(fact.reasons, "; "),
                                unseen ? "" : fmt::format(" [{}]", raw)));
    }
    return out;
  }

  StepResult<> judge_rejects() {
    if (rejected_ == 0) return {};
    const std::vector<std::string> first = first_rejects();
    for (const std::string& line : first) run_.say("rejected: " + line);
    const double percent = 100.0 * static_cast<double>(rejected_) / static_cast<double>(rows_in_);
    const std::string count =
        fmt::format("{} of {} lines of {} ({:.3g} %) cannot be read", grouped(rejected_),
                    grouped(rows_in_), load_.from, percent);
    if (percent <= load_.rejects_percent_max) {
      run_.say(fmt::format("{}; they are in {}", count, rejects_file_));
      return {};
    }
    if (2 * not_utf8_ > rejected_ && load_.drift().encoding == Drift::kFail) {
      return drifted(
          Drift::kFail,
          fmt::format("it is not written in UTF-8: {} of {} lines are not, the first: {}",
                      grouped(not_utf8_), grouped(rows_in_), first.front()),
          kWriteLatin);
    }
    STEP_TRY(judge_types(first));
    return step_fail(
        TaskErrorCode::kTooManyRejects,
        fmt::format("{}; rejects.max_percent allows {}: {}; all of them are in {}", count,
                    load_.rejects_percent_max, fmt::join(first, "; "), rejects_file_));
  }

  /// A column that has something else than its type on most lines is another column now.
  StepResult<> judge_types(const std::vector<std::string>& first) {
    if (load_.drift().type != Drift::kFail) return {};
    std::vector<std::string> changed;
    std::string grouped_column;
    for (const Fact& fact : facts_) {
      const bool most =
          fact.kind == "cast" && fact.rule >= 0 && rows_in_ > 1 && 2 * fact.n > rows_in_;
      if (!most) continue;
      const ColumnSource& column = source_.map[static_cast<std::size_t>(fact.rule)];
      changed.push_back(
          fmt::format("column '{}' is no longer {}: {} of {} lines have something else",
                      column.name, to_string(column.type), grouped(fact.n), grouped(rows_in_)));
      const bool commas = std::ranges::any_of(facts_, [&column](const Fact& one) {
        return one.kind == "reject" && has_grouped_number(one, column.name);
      });
      if (commas) grouped_column = column.name;
    }
    if (changed.empty()) return {};
    const std::string then =
        grouped_column.empty()
            ? "write the new type into the contract, or string, and bring it into form in a "
              "`standardize` step"
            : fmt::format(
                  "write {0}: string into the contract, and set: {{{0}: \"whole(replace({0}, "
                  "',', ''))\"}} into a `standardize` step",
                  grouped_column);
    return step_fail(TaskErrorCode::kSchemaChanged,
                     fmt::format("{}: {}; the first: {}; if that is right from now on, {}",
                                 load_.from, fmt::join(changed, "; "), first.front(), then));
  }

  [[nodiscard]] bool is_pii(const std::string& name) const {
    return load_.contract.has_value() &&
           std::ranges::any_of(load_.contract->columns, [&name](const ColumnSpec& column) {
             return column.pii && column.name == name;
           });
  }

  void judge_unique(std::vector<std::string>& findings) {
    const Contract& contract = *load_.contract;
    for (const Fact& fact : facts_) {
      if (fact.kind != "unique") continue;
      const UniqueKey& key = contract.unique[static_cast<std::size_t>(fact.rule)];
      if (key.severity == Severity::kQuarantine) continue;  // a label like any rule
      const bool unseen = std::ranges::any_of(
          key.columns, [this](const std::string& name) { return is_pii(name); });
      Rule rule;
      rule.name = unique_name(key);
      rule.severity = key.severity;
      run_.report.checks.push_back({rule.name, rule.severity, fact.n});
      if (fact.n == 0) continue;
      std::string finding = rule_finding(
          rule, fact.n, rows_in_,
          unseen ? std::vector<std::string>() : samples_of(facts_, "unique_sample", fact.rule));
      if (key.severity == Severity::kWarn) {
        run_.warn(std::move(finding));
      } else {
        findings.push_back(std::move(finding));
      }
    }
  }

  void judge_rows(std::vector<std::string>& findings) const {
    const Contract& contract = *load_.contract;
    const std::int64_t rows = run_.report.rows;
    if (contract.rows_min.has_value() && rows < *contract.rows_min) {
      findings.push_back(fmt::format("{} rows, at least {} are wanted (rows.min)", grouped(rows),
                                     grouped(*contract.rows_min)));
    }
    if (contract.rows_max.has_value() && rows > *contract.rows_max) {
      findings.push_back(fmt::format("{} rows, at most {} are wanted (rows.max)", grouped(rows),
                                     grouped(*contract.rows_max)));
    }
  }

  void judge_age(std::vector<std::string>& findings) const {
    const Contract& contract = *load_.contract;
    for (const Fact& fact : facts_) {
      if (fact.kind != "age") continue;
      if (fact.text.empty()) {
        findings.push_back(fmt::format("freshness: {} has no value", contract.fresh_column));
      } else if (fact.n > contract.age_max_seconds) {
        constexpr double kHour = 3600;
        findings.push_back(fmt::format(
            "freshness: the latest {} is {}, {:.1f} h old; at most {:.1f} h are allowed",
            contract.fresh_column, fact.text, static_cast<double>(fact.n) / kHour,
            static_cast<double>(contract.age_max_seconds) / kHour));
      }
    }
  }

  StepResult<> judge_contract() {
    if (!load_.contract.has_value()) return {};
    STEP_TRY(keep_bad_rows(run_, facts_));
    std::vector<std::string> findings =
        judge_rules(run_, label_rules(*load_.contract), facts_, rows_in_);
    judge_unique(findings);
    judge_rows(findings);
    judge_age(findings);
    if (findings.empty()) return {};
    return step_fail(
        TaskErrorCode::kCheckFailed,
        fmt::format("{} breaks its contract: {}", load_.from, fmt::join(findings, "; ")));
  }

  StepRun& run_;
  LoadParams load_;    ///< a copy: drift may change how the file is read
  std::string path_;   ///< of the file on this machine; `from` is what people know it by
  bool whole_ = true;  ///< nothing can be missing, as far as whoever sent it told
  std::vector<std::string> loose_;
  LoadSource source_;
  std::vector<Upstream> refs_;  ///< the data that columns refer to
  std::vector<Fact> facts_;
  std::int64_t rows_in_ = 0;
  std::int64_t rejected_ = 0;
  std::string rejects_file_;
  std::int64_t not_utf8_ = 0;  ///< of the rejected lines
};

}  // namespace

StepResult<> run_load(StepRun& run, const LoadParams& load) {
  return Loader(run, load).load();
}

}  // namespace cordyna::data
