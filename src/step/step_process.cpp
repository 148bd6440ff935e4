#include "step/step_process.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/text.hpp"

namespace cordyna::step {

namespace json = boost::json;

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value == nullptr ? std::string() : std::string(value);
}

void write_out(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void say(std::string_view line) {
  write_out(STDOUT_FILENO, printable(line) + "\n");
}

int end_descriptor(std::initializer_list<int> more) {
  sigset_t set;
  sigemptyset(&set);
  for (const int one : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, one);
  for (const int one : more) sigaddset(&set, one);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

Result<std::string> read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::kNotFound, fmt::format("{} cannot be read", path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<> write_report(const std::string& json) {
  const std::string path = variable("DYNA_REPORT");
  if (path.empty()) return {};
  std::ofstream file(path, std::ios::binary);
  file << json << "\n";
  file.close();
  if (!file) return fail(ErrorCode::kNoSpace, fmt::format("{} cannot be written", path));
  return {};
}

int report_error(const TaskError& error, Message message) {
  write_out(STDERR_FILENO, printable(error.message) + "\n");
  json::object told{{"code", info(error.code).name},
                    {"phase", to_string(error.phase)},
                    {"retryable", error.retryable}};
  if (message == Message::kReported) told["message"] = error.message;
  // Without a report the guardian goes by what stands above, and by the exit code.
  (void)write_report(json::serialize(json::object{{"error", std::move(told)}}));
  return 1;
}

}  // namespace cordyna::step
