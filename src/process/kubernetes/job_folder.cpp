#include "process/kubernetes/job_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <filesystem>

#include "base/id.hpp"
#include "model/layout.hpp"
#include "model/log_format.hpp"
#include "process/local/fd.hpp"
#include "process/local/files.hpp"

namespace cordyna::kubernetes {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;
using local::Fd;

constexpr const char* kJobFile = "job";
constexpr const char* kOwnerFile = "kubernetes.id";
constexpr const char* kMarkFile = "job.log";
constexpr std::size_t kFileMax = std::size_t{1} << 20;
constexpr off_t kTailBytes = 32'768;
constexpr std::size_t kLastLineMax = 300;

std::unexpected<Error> disk_error(const std::string& path, int error) {
  return fail(local::is_no_space(error) ? ErrorCode::kNoSpace : ErrorCode::kUnavailable,
              fmt::format("{}: {}", path, local::errno_text(error)));
}

/// Nullopt: there is no such file.
Result<std::optional<std::string>> read_if_there(const std::string& folder, const char* name) {
  const Fd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!opened.valid()) return std::nullopt;
  auto text = local::read_regular_file(opened.get(), name, kFileMax);
  if (text.has_value()) return *std::move(text);
  if (text.error().code == ErrorCode::kNotFound) return std::nullopt;
  return fail(folder, std::move(text.error()));
}

}  // namespace

Result<std::string> owner_id(const std::string& state_folder) {
  const std::string path = fmt::format("{}/{}", state_folder, kOwnerFile);
  const Millis now = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
  const std::string fresh = make_uuid7(now);
  const std::string beside = fmt::format("{}.{}", path, fresh);
  for (int tries = 0; tries < 2; ++tries) {
    TRY_ASSIGN(const auto found, read_if_there(state_folder, kOwnerFile));
    if (found.has_value() && is_uuid(*found)) return *found;
    const Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd.valid()) return disk_error(beside, errno);
    int error = local::write_all(fd.get(), fresh);
    if (error == 0 && ::fsync(fd.get()) != 0) error = errno;
    if (error == 0 && ::rename(beside.c_str(), path.c_str()) != 0) error = errno;
    if (error != 0) return disk_error(path, error);
  }
  return fresh;
}

std::string JobFolder::file(std::string_view name) const {
  return fmt::format("{}/{}", path_, name);
}

Result<std::optional<local::ExitRecord>> JobFolder::ended() const {
  TRY_ASSIGN(const auto text, read_if_there(path_, attempt_file::kExit));
  if (!text.has_value()) return std::nullopt;
  TRY_ASSIGN(local::ExitRecord record, local::parse_exit_record(*text));
  return record;
}

Result<std::optional<JobRecord>> JobFolder::job() const {
  TRY_ASSIGN(const auto text, read_if_there(path_, kJobFile));
  if (!text.has_value()) return std::nullopt;
  try {
    const json::value value = json::parse(*text);
    const json::object& object = value.as_object();
    const auto word = [&](const char* key) { return json::value_to<std::string>(object.at(key)); };
    return JobRecord{word("context"),
                     word("namespace"),
                     word("name"),
                     word("uid"),
                     object.at("released").as_bool(),
                     object.at("stays").as_bool(),
                     object.at("has_secret").as_bool()};
  } catch (const std::exception& error) {
    return fail(ErrorCode::kCorrupt, fmt::format("{}: {}", file(kJobFile), error.what()));
  }
}

Result<> JobFolder::make() const {
  std::error_code problem;
  fs::create_directories(fs::path(path_).parent_path(), problem);
  if (!problem && ::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
    problem = std::error_code(errno, std::generic_category());
  }
  return problem ? Result<>(disk_error(path_, problem.value())) : Result<>();
}

/// Under another name first: whoever looks finds the old content or the new one.
Result<> JobFolder::replace(const char* name, std::string_view content, bool durable) const {
  const std::string fresh = file(fmt::format("{}.new", name));
  {
    const Fd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return disk_error(fresh, errno);
    if (const int error = local::write_all(fd.get(), content); error != 0) {
      return disk_error(fresh, error);
    }
    if (durable && ::fsync(fd.get()) != 0) return disk_error(fresh, errno);
  }
  if (::rename(fresh.c_str(), file(name).c_str()) != 0) return disk_error(fresh, errno);
  if (!durable) return {};
  const Fd folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || ::fsync(folder.get()) != 0) return disk_error(path_, errno);
  return {};
}

Result<> JobFolder::save(const JobRecord& job) const {
  TRY(make());
  return replace(kJobFile,
                 json::serialize(json::object{{"context", job.context},
                                              {"namespace", job.ns},
                                              {"name", job.name},
                                              {"uid", job.uid},
                                              {"released", job.released},
                                              {"stays", job.stays},
                                              {"has_secret", job.has_secret}}) +
                     "\n",
                 true);
}

Result<> JobFolder::end(const local::ExitRecord& record) const {
  TRY(make());
  return replace(attempt_file::kExit, local::encode(record), true);
}

Result<> JobFolder::write(std::string_view name, std::string_view content) const {
  TRY(make());
  return replace(std::string(name).c_str(), content, false);
}

void JobFolder::mark_log(const LogMark& mark) const {
  (void)replace(kMarkFile,
                json::serialize(json::array{mark.position.seconds, mark.position.nanos,
                                            mark.position.same, mark.log_bytes}),
                false);
}

LogMark JobFolder::cut_log() const {
  LogMark mark;
  const auto text = read_if_there(path_, kMarkFile);
  if (text.has_value() && text->has_value()) {
    boost::system::error_code problem;
    const json::value value = json::parse(**text, problem);
    if (!problem.failed() && value.is_array() && value.get_array().size() == 4) {
      const json::array& parts = value.get_array();
      const auto number = [&](std::size_t i) {
        return parts[i].is_number() ? parts[i].to_number<std::int64_t>(problem) : 0;
      };
      mark.position = {number(0), number(1), static_cast<std::uint64_t>(number(2))};
      mark.log_bytes = static_cast<std::uint64_t>(number(3));
    }
  }
  const std::string log = file(attempt_file::kLog);
  std::error_code problem;
  if (mark.log_bytes == 0) {
    fs::remove(log, problem);
    return {};
  }
  const std::uintmax_t size = fs::file_size(log, problem);
  if (problem || size < mark.log_bytes) {  // the machine went down, and took lines with it
    fs::remove(log, problem);
    return {};
  }
  fs::resize_file(log, mark.log_bytes, problem);
  return mark;
}

std::string JobFolder::last_line() const {
  const Fd fd(::open(file(attempt_file::kLog).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return {};
  const off_t size = ::lseek(fd.get(), 0, SEEK_END);
  std::string tail(static_cast<std::size_t>(std::min(size, kTailBytes)), '\0');
  const off_t from = size - static_cast<off_t>(tail.size());
  const ssize_t n = ::pread(fd.get(), tail.data(), tail.size(), from);
  tail.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  std::string_view rest = tail;
  while (!rest.empty()) {
    if (rest.ends_with('\n')) rest.remove_suffix(1);
    const std::size_t begin = rest.rfind('\n');
    const std::string_view line = rest.substr(begin == std::string_view::npos ? 0 : begin + 1);
    const auto record = parse_log_record(line);
    if (record.has_value() && record->stream == 'o' &&
        record->text.find_first_not_of(" \t\r") != std::string_view::npos) {
      return local::clean_text(record->text.substr(0, 4 * kLastLineMax), kLastLineMax);
    }
    rest = rest.substr(0, begin == std::string_view::npos ? 0 : begin);
  }
  return {};
}

}  // namespace cordyna::kubernetes
