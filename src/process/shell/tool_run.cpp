#include "process/shell/tool_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "step/step_process.hpp"

namespace cordyna::script {
namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

bool is_program(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

/// What the child's files are, and where it runs.
class ToolFiles {
 public:
  ToolFiles(const ToolCall& call, int out) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, out, STDERR_FILENO);
    // Onto itself: only then it is not closed with all the others.
    if (call.keeps_open >= 0) {
      posix_spawn_file_actions_adddup2(&actions_, call.keeps_open, call.keeps_open);
    }
    posix_spawn_file_actions_addchdir_np(&actions_, call.folder.c_str());
  }
  ~ToolFiles() { posix_spawn_file_actions_destroy(&actions_); }
  ToolFiles(const ToolFiles&) = delete;
  ToolFiles& operator=(const ToolFiles&) = delete;
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

void gather_output(int fd, const ToolCall& call, std::string& output) {
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    if (call.speaks) step::write_out(STDOUT_FILENO, bytes);
    output.append(bytes.substr(0, kToolOutputBytesMax - output.size()));
  }
}

}  // namespace

std::string find_tool(std::string_view program) {
  if (program.find('/') != std::string_view::npos) {
    std::string path(program);
    return is_program(path) ? path : std::string();
  }
  const char* variable = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): one thread
  std::string_view rest = variable == nullptr ? std::string_view() : std::string_view(variable);
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    std::string path = fmt::format("{}/{}", folder.empty() ? "." : folder, program);
    if (is_program(path)) return path;
    rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
  }
  return {};
}

Result<ToolEnd> run_tool(const ToolCall& call) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::kUnavailable, fmt::format("no pipe: {}", std::strerror(errno)));
  }
  pid_t pid = 0;
  int error = 0;
  {
    const ToolFiles files(call, ends[1]);
    error = ::posix_spawn(&pid, call.argv[0].c_str(), files.get(), nullptr,
                          pointers_to(call.argv).data(), pointers_to(call.env).data());
  }
  ::close(ends[1]);
  ToolEnd end;
  if (error == 0) gather_output(ends[0], call, end.output);
  ::close(ends[0]);
  if (error != 0) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("{} cannot be started: {}", call.argv[0], std::strerror(error)));
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  return end;
}

}  // namespace cordyna::script
