// Files that tasks left: listed, and one of them given away.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "model/layout.hpp"
#include "server/api/attempt_place.hpp"
#include "server/api/file_source.hpp"
#include "server/api/routes.hpp"

namespace cordyna::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 10'000;

struct Artifact {
  std::string task;
  std::uint32_t attempt = 0;
  std::string name;  // below the attempt's folder of artifacts, with '/'
  std::uint64_t bytes = 0;
  std::string folder;
};

/// Plain files only, links are not followed: a task can put anything there.
void collect(const AttemptRow& attempt, const std::string& folder, std::vector<Artifact>& found) {
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::error_code ignored;
    if (!fs::is_regular_file(at->symlink_status(ignored))) continue;
    std::string name = at->path().lexically_relative(folder).generic_string();
    if (!is_utf8(name) || found.size() >= kFilesMax) continue;
    const std::uintmax_t size = at->file_size(ignored);
    found.push_back({attempt.path, attempt.attempt, std::move(name), ignored ? 0 : size, folder});
  }
}

/// Of all attempts of a run, in order of task, attempt and name.
Result<std::vector<Artifact>> artifacts_of(Api& api, const RunRow& run) {
  TRY_ASSIGN(const FlowVersionRow version, api.reader().find_flow(run.flow_hash));
  TRY_ASSIGN(const std::shared_ptr<const Flow> flow,
             api.flows().load(version.canonical, run.folder));
  TRY_ASSIGN(const std::vector<AttemptRow> attempts, api.reader().list_attempts(run.no));
  std::vector<Artifact> found;
  for (const AttemptRow& attempt : attempts) {
    const auto folder =
        attempt_place(api.parts().layout, *flow, run.no, attempt.path, attempt.attempt);
    if (!folder.has_value()) continue;
    collect(attempt, *folder + "/" + attempt_file::kArtifacts, found);
  }
  std::ranges::sort(found, {},
                    [](const Artifact& one) { return std::tie(one.task, one.attempt, one.name); });
  return found;
}

/// Opens below a folder without following a link, not even one in between.
int open_below(const std::string& folder, const std::string& name) {
  int at = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  for (std::size_t begin = 0; at >= 0;) {
    const std::size_t slash = name.find('/', begin);
    const std::string part = name.substr(begin, slash - begin);
    const bool last = slash == std::string::npos;
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (last ? 0 : O_DIRECTORY);
    const int next = ::openat(at, part.c_str(), flags);
    ::close(at);
    at = next;
    if (last) break;
    begin = slash + 1;
  }
  struct stat info{};
  if (at >= 0 && (::fstat(at, &info) != 0 || !S_ISREG(info.st_mode))) {
    ::close(at);
    return -1;
  }
  return at;
}

/// For a header: the last part of the name, with what a header could be misread by replaced.
std::string file_name(const std::string& name) {
  std::string out = name.substr(name.rfind('/') + 1);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e || c == '"' || c == '\\') c = '_';
  }
  return out;
}

}  // namespace

void list_artifacts(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  const auto found = artifacts_of(api, *run);
  if (!found.has_value()) return call.refuse(found.error());
  std::string out = "{\"artifacts\":[";
  for (const Artifact& one : *found) {
    out += fmt::format(R"({}{{"task":{},"attempt":{},"name":{},"bytes":{}}})",
                       &one == found->data() ? "" : ",\n", json_string(one.task), one.attempt,
                       json_string(one.name), one.bytes);
  }
  call.answer(out + "]}");
}

void show_artifact(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  const auto found = artifacts_of(api, *run);
  if (!found.has_value()) return call.refuse(found.error());
  const std::string task = call.query_value("task").value_or("");
  const std::string name = call.query_value("name").value_or("");
  const std::int64_t attempt = call.query_number("attempt", 0);
  // By what is there, never by what was asked for; of several attempts the newest.
  const Artifact* wanted = nullptr;
  for (const Artifact& one : *found) {
    const bool fits = one.task == task && one.name == name;
    if (fits && (attempt == 0 || one.attempt == attempt)) wanted = &one;
  }
  const int fd = wanted == nullptr ? -1 : open_below(wanted->folder, wanted->name);
  if (fd < 0) return call.refuse(problem("not_found", "the run has no such artifact"));
  HttpResponse response{200, {{"Content-Type", "application/octet-stream"}}, {}};
  response.headers.push_back(
      {"Content-Disposition", fmt::format("attachment; filename=\"{}\"", file_name(name))});
  response.source = std::make_unique<FileSource>(fd);
  call.answer(std::move(response));
}

}  // namespace cordyna::server
