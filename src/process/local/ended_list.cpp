#include "process/local/ended_list.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>

#include "model/layout.hpp"
#include "process/local/fd.hpp"
#include "process/local/files.hpp"

namespace cordyna::local {
namespace {

std::string list_path(const std::string& attempt) {
  return attempt.substr(0, attempt.rfind('/') + 1) + kEndedFile;
}

std::optional<ExitRecord> read_line(std::string_view line, std::string_view key) {
  if (!line.starts_with(key)) return std::nullopt;
  auto record = parse_exit_record(line.substr(key.size()));
  if (!record.has_value()) return std::nullopt;  // cut short, on a full disk
  return *std::move(record);
}

}  // namespace

int append_ended(int state, const std::string& name, const ExitRecord& record) {
  const std::string path = "runs/" + list_path(name);
  const Fd file(
      openat(state, path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) return errno;
  // The line end ahead closes what a full disk may have cut short.
  return write_all(file.get(), "\n" + name.substr(name.rfind('/') + 1) + " " + encode(record));
}

std::optional<ExitRecord> find_ended(const std::string& folder) {
  const Fd file(open(list_path(folder).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid()) return std::nullopt;
  const std::string key = folder.substr(folder.rfind('/') + 1) + " ";
  std::string rest;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    rest.append(buffer.data(), static_cast<std::size_t>(got));
    std::size_t at = 0;
    for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', at)) {
      auto record = read_line(std::string_view(rest).substr(at, end - at), key);
      if (record.has_value()) return record;
      at = end + 1;
    }
    rest.erase(0, at);
  }
}

}  // namespace cordyna::local
