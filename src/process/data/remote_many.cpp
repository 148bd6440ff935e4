/// Loads of many objects: each is fetched whole, and all of them become one file.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "process/data/compile.hpp"
#include "process/data/file_kind.hpp"
#include "process/data/files.hpp"
#include "process/data/remote_run.hpp"
#include "process/data/remote_store.hpp"
#include "process/data/sql_text.hpp"
#include "process/data/text_join.hpp"

namespace cordyna::data {
namespace {

constexpr std::size_t kObjectsMax = 10'000;
constexpr std::size_t kToldMax = 1000;  // lines of the log
constexpr std::string_view kJoinedParquet = "tmp/joined.parquet";

std::string part_path(std::size_t at) {
  return fmt::format("tmp/part-{}.parquet", at);
}

class Gathering {
 public:
  Gathering(StepRun& run, const LoadParams& load) : run_(run), load_(load) {}

  StepResult<Fetched> fetch() {
    Result<SourceStore> store = SourceStore::open(load_, secrets_, tries());
    if (!store.has_value()) return failed(store.error());
    Result<std::vector<StoreObject>> objects = store->list(load_.files, kObjectsMax);
    if (!objects.has_value()) return failed(objects.error());
    shown_ = secrets_.hide(load_.from + load_.files);
    if (objects->empty()) {
      return step_fail(TaskErrorCode::kRemoteNotFound,
                       fmt::format("{}: no object has such a name", shown_));
    }
    std::ranges::sort(*objects, {}, &StoreObject::name);
    STEP_TRY(check_size(*objects));
    run_.report.source = SourceReport{.url = shown_, .status = 200, .objects = objects->size()};
    Fetched fetched{.path = run_.step.paths.work + "/in/source", .whole = true, .joined = true};
    if (load_.format == FileFormat::kParquet) {
      STEP_TRY(gather_parquet(*store, *objects));
      fetched.path = fmt::format("{}/{}", run_.step.paths.work, kJoinedParquet);
    } else {
      STEP_TRY(gather_text(*store, *objects, fetched.path));
    }
    run_.say(fmt::format("{} bytes from {} objects of {}",
                         grouped(static_cast<std::int64_t>(run_.report.source->bytes)),
                         objects->size(), shown_));
    return fetched;
  }

 private:
  [[nodiscard]] http::TryOptions tries() const {
    http::TryOptions tries = try_options(run_, load_.remote);
    tries.say = [this](std::string_view line) { run_.say(secrets_.hide(std::string(line))); };
    return tries;
  }

  [[nodiscard]] std::unexpected<TaskError> failed(const Error& error) const {
    return remote_error(error, TaskErrorCode::kSourceUnavailable, secrets_);
  }

  [[nodiscard]] StepResult<> check_size(const std::vector<StoreObject>& objects) const {
    const std::uint64_t most = load_.remote.transfer.bytes_max;
    std::uint64_t all = 0;
    for (const StoreObject& object : objects) {
      all += std::min(object.bytes, most + 1);
      if (all <= most) continue;
      return step_fail(TaskErrorCode::kRemoteRefused,
                       fmt::format("{}: the objects together are larger than {} bytes, the limit "
                                   "(transfer.max_size)",
                                   shown_, most));
    }
    return {};
  }

  StepResult<http::Downloaded> fetch_object(SourceStore& store, const StoreObject& object,
                                            const std::string& path) {
    http::DownloadSpec spec;
    spec.tries = tries();
    spec.path = path;
    spec.bytes_max = load_.remote.transfer.bytes_max;
    const Result<> addressed = store.address(spec, object);
    if (!addressed.has_value()) return failed(addressed.error());
    Result<http::Downloaded> done = http::download(spec);
    if (!done.has_value()) {
      // Another attempt of the task lists anew, and reads what is there then.
      const bool changed = done.error().message.find("answered 412") != std::string::npos;
      if (!changed) return failed(done.error());
      return step_fail(TaskErrorCode::kSourceUnavailable,
                       store.shown(object.name) + " changed while it was read");
    }
    run_.report.source->bytes += done->bytes;
    run_.report.source->tries = std::max(run_.report.source->tries, done->tries);
    run_.report.source->resumed += done->resumed;
    return std::move(*done);
  }

  /// The same columns in all of them, in the same order: DuckDB would leave out those that the
  /// first does not have.
  StepResult<> check_columns(const SourceStore& store, const std::vector<StoreObject>& objects) {
    std::string script;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      script += fmt::format(
          "SELECT 'column' AS dyna, {} AS source, column_name AS name, column_type AS type\n"
          "  FROM (DESCRIBE FROM read_parquet({}));\n",
          i, quote_text(part_path(i)));
    }
    STEP_TRY_ASSIGN(const std::vector<Fact> facts,
                    run_.query(script, TaskErrorCode::kSourceUnavailable));
    std::vector<std::string> columns(objects.size());
    for (const Fact& fact : facts) {
      if (fact.kind != "column") continue;
      columns[static_cast<std::size_t>(fact.source)] +=
          fmt::format("{} {}, ", quote_name(fact.name), fact.type);
    }
    for (std::size_t i = 1; i < columns.size(); ++i) {
      if (columns[i] == columns[0]) continue;
      return step_fail(TaskErrorCode::kSchemaChanged,
                       fmt::format("{} has other columns than {}: {}not {}",
                                   store.shown(objects[i].name), store.shown(objects[0].name),
                                   columns[i], columns[0].substr(0, columns[0].size() - 2)));
    }
    return {};
  }

  StepResult<> gather_parquet(SourceStore& store, const std::vector<StoreObject>& objects) {
    std::string list;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      const std::string path = fmt::format("{}/{}", run_.step.paths.work, part_path(i));
      STEP_TRY_ASSIGN(const http::Downloaded done, fetch_object(store, objects[i], path));
      static_cast<void>(done);
      STEP_TRY_ASSIGN(const FileKind kind, kind_of(path, store.shown(objects[i].name)));
      if (kind.format != FileFormat::kParquet) {
        return step_fail(TaskErrorCode::kSchemaChanged,
                         fmt::format("{} is no Parquet", store.shown(objects[i].name)));
      }
      list += (list.empty() ? "" : ", ") + quote_text(part_path(i));
    }
    STEP_TRY(check_columns(store, objects));
    STEP_TRY(run_.query(fmt::format("COPY (FROM read_parquet([{}])) TO {} (FORMAT parquet);\n",
                                    list, quote_text(kJoinedParquet)),
                        TaskErrorCode::kSourceUnavailable));
    for (std::size_t i = 0; i < objects.size(); ++i) {
      unlink(fmt::format("{}/{}", run_.step.paths.work, part_path(i)).c_str());
    }
    return {};
  }

  StepResult<FileKind> kind_of(const std::string& path, const std::string& shown) const {
    constexpr std::size_t kLookBytes = 4096;
    const Result<std::string> text = read_front(path, kLookBytes);
    if (!text.has_value()) {
      return step_fail(TaskErrorCode::kSourceUnavailable, text.error().message);
    }
    FileKind kind = kind_of_file(*text);
    if (kind.foreign.empty()) return kind;
    return step_fail(TaskErrorCode::kSchemaChanged, fmt::format("{} is {}", shown, kind.foreign));
  }

  /// How an object is packed, where that is what was said of it.
  StepResult<std::string> packing_of(const std::string& path, const std::string& shown,
                                     const http::Downloaded& done) const {
    STEP_TRY_ASSIGN(const FileKind kind, kind_of(path, shown));
    const bool utf16 = !kind.encoding.empty() || load_.encoding == "utf-16";
    if (utf16) {
      return step_fail(TaskErrorCode::kSchemaChanged,
                       shown + ": UTF-16 is read of one object at a time, without `files`");
    }
    const bool told = kind.compression == load_.compression || kind.compression == done.encoding;
    if (!told && done.bytes > 0 && load_.drift().format == Drift::kFail) {
      return step_fail(TaskErrorCode::kSchemaChanged,
                       fmt::format("{}: its compression is {}, not {}; if that is right from now "
                                   "on, write drift: {{format: warn}} in the contract",
                                   shown, kind.compression, load_.compression));
    }
    return kind.compression;
  }

  StepResult<> gather_text(SourceStore& store, const std::vector<StoreObject>& objects,
                           const std::string& path) {
    JoinShape shape;
    shape.header = load_.format == FileFormat::kCsv && load_.header;
    if (!load_.delimiter.empty()) shape.delimiter = load_.delimiter;
    shape.quote = load_.quote;
    Result<TextJoin> join = TextJoin::create(path, shape);
    if (!join.has_value()) return join_error(join.error());
    const std::string part = run_.step.paths.work + "/tmp/part";
    std::size_t told = 0;
    for (const StoreObject& object : objects) {
      const std::string shown = secrets_.hide(store.shown(object.name));
      STEP_TRY_ASSIGN(const http::Downloaded done, fetch_object(store, object, part));
      STEP_TRY_ASSIGN(const std::string packing, packing_of(part, shown, done));
      const Result<JoinedLines> lines =
          join->add(part, packing, shown, load_.remote.transfer.bytes_max);
      if (!lines.has_value()) return join_error(lines.error(), shown);
      if (++told == kToldMax + 1) run_.say("and further objects");
      if (told > kToldMax) continue;
      run_.say(lines->last < lines->first
                   ? fmt::format("{}: no lines", shown)
                   : fmt::format("{}: lines {} to {}", shown, lines->first, lines->last));
    }
    unlink(part.c_str());
    const Result<> done = join->finish();
    return done.has_value() ? StepResult<>() : join_error(done.error());
  }

  [[nodiscard]] static std::unexpected<TaskError> join_error(const Error& error,
                                                             const std::string& shown = {}) {
    switch (error.code) {
      case ErrorCode::kConflict: return step_fail(TaskErrorCode::kSchemaChanged, error.message);
      case ErrorCode::kInvalidArgument:
        return step_fail(TaskErrorCode::kRemoteRefused, shown + " " + error.message);
      case ErrorCode::kCorrupt:
        return step_fail(TaskErrorCode::kSourceUnavailable, shown + " " + error.message);
      default: break;
    }
    const bool full = error.code == ErrorCode::kNoSpace || is_no_space(error);
    return step_fail(full ? TaskErrorCode::kNoSpace : TaskErrorCode::kSourceUnavailable,
                     error.message, full ? Phase::kInfra : Phase::kRun);
  }

  StepRun& run_;
  const LoadParams& load_;
  RemoteSecrets secrets_ = remote_secrets();
  std::string shown_;
};

}  // namespace

StepResult<Fetched> fetch_many(StepRun& run, const LoadParams& load) {
  return Gathering(run, load).fetch();
}

}  // namespace cordyna::data
