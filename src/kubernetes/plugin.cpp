#include "kubernetes/plugin.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "kubernetes/json_field.hpp"

namespace cordyna::kubernetes {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPluginAnswerMax = std::size_t{1} << 20;
constexpr std::size_t kSaidMax = std::size_t{16} << 10;

/// The read end of a pipe.
struct Pipe {
  int read = -1;
  int write = -1;
  ~Pipe() {
    if (read >= 0) ::close(read);
    close_write();
  }
  void close_write() {
    if (write >= 0) ::close(write);
    write = -1;
  }
  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
};

std::string told_of(const Access& access) {
  json::object spec{{"interactive", false}};
  if (access.identity.plugin->told_cluster) {
    json::object cluster{{"server", access.server}};
    if (!access.ca.empty()) cluster["certificate-authority-data"] = base64(access.ca);
    if (!access.server_name.empty()) cluster["tls-server-name"] = access.server_name;
    spec["cluster"] = std::move(cluster);
  }
  return json::serialize(json::object{{"apiVersion", access.identity.plugin->api_version},
                                      {"kind", "ExecCredential"},
                                      {"spec", std::move(spec)}});
}

std::vector<std::string> environment_of(const Access& access) {
  std::vector<std::string> out;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view text = *one;
    if (!text.starts_with("DYNA_")) out.emplace_back(text);
  }
  for (const auto& [name, value] : access.identity.plugin->env) {
    const std::string front = name + "=";
    std::erase_if(out, [&](const std::string& had) { return had.starts_with(front); });
    out.push_back(front + value);
  }
  out.push_back("KUBERNETES_EXEC_INFO=" + told_of(access));
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// The program with its two pipes; ended with all it began when this goes.
class Running {
 public:
  ~Running() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
  }
  Running() = default;
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  int start(const Access& access) {
    if (!out_.open() || !error_.open()) return errno;
    std::vector<std::string> words{access.identity.plugin->command};
    words.insert(words.end(), access.identity.plugin->args.begin(),
                 access.identity.plugin->args.end());
    std::vector<std::string> env = environment_of(access);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out_.write, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, error_.write, STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    const int problem = ::posix_spawnp(&pid_, words[0].c_str(), &actions, &attributes,
                                       pointers(words).data(), pointers(env).data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (problem != 0) pid_ = 0;
    out_.close_write();
    error_.close_write();
    return problem;
  }

  /// What it wrote, until it closed both.
  Result<> read(int cancel_fd, Clock::time_point end) {
    std::array<pollfd, 3> fds{pollfd{out_.read, POLLIN, 0}, pollfd{error_.read, POLLIN, 0},
                              pollfd{cancel_fd, POLLIN, 0}};
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
      if (left <= 0) return fail(ErrorCode::kUnavailable, "it took too long");
      if (::poll(fds.data(), fds.size(), static_cast<int>(left)) < 0 && errno != EINTR) {
        return fail(ErrorCode::kUnavailable, std::strerror(errno));
      }
      if (fds[2].revents != 0) return fail(ErrorCode::kCancelled, "asked to end");
      take(fds[0], said, kPluginAnswerMax);
      take(fds[1], complained, kSaidMax);
    }
    return {};
  }

  /// Its exit code; 128 and more: ended by a signal.
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  std::string said;
  std::string complained;

 private:
  static void take(pollfd& from, std::string& into, std::size_t most) {
    if (from.revents == 0) return;
    std::array<char, 4096> piece{};
    const ssize_t n = ::read(from.fd, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) return;
    if (n <= 0) {
      from.fd = -1;
      return;
    }
    into.append(piece.data(),
                std::min(static_cast<std::size_t>(n), most - std::min(most, into.size())));
  }

  pid_t pid_ = 0;
  Pipe out_;
  Pipe error_;
};

std::string last_line(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
  const std::size_t at = text.rfind('\n');
  return printable(text.substr(at == std::string_view::npos ? 0 : at + 1).substr(0, 300));
}

}  // namespace

Result<Credential> parse_credential(std::string_view text) {
  boost::system::error_code problem;
  const json::value value = json::parse({text.data(), text.size()}, problem);
  if (problem.failed() || text_at(value, {"kind"}) != "ExecCredential") {
    return fail(ErrorCode::kDenied, "its answer is no ExecCredential");
  }
  Credential found;
  found.token = text_at(value, {"status", "token"});
  found.certificate = text_at(value, {"status", "clientCertificateData"});
  found.key = text_at(value, {"status", "clientKeyData"});
  if (found.token.empty() && (found.certificate.empty() || found.key.empty())) {
    return fail(ErrorCode::kDenied,
                "its answer has neither a token nor a certificate with its key");
  }
  const std::string until = text_at(value, {"status", "expirationTimestamp"});
  if (!until.empty()) {
    const auto at = parse_timestamp(until);
    if (!at.has_value()) return fail(ErrorCode::kDenied, "its expirationTimestamp is no time");
    found.expires = *at;
  }
  return found;
}

Result<Credential> ask_plugin(const Access& access, int cancel_fd, Millis wait) {
  const ExecPlugin& plugin = *access.identity.plugin;
  const std::string who =
      fmt::format("the credential plugin {} of {}", plugin.command, access.context);
  Running program;
  if (const int problem = program.start(access); problem != 0) {
    const std::string hint =
        plugin.hint.empty() ? "" : "; " + printable(plugin.hint.substr(0, 500));
    return fail(ErrorCode::kNotFound,
                fmt::format("{} cannot be started: {}{}", who, std::strerror(problem), hint));
  }
  const Result<> read = program.read(cancel_fd, Clock::now() + std::chrono::milliseconds(wait));
  if (!read.has_value()) {
    if (read.error().code == ErrorCode::kCancelled) return fail(read.error());
    return fail(read.error().code,
                fmt::format("{}: {} ({})", who, read.error().message, format_delay(wait)));
  }
  if (const int code = program.wait(); code != 0) {
    return fail(ErrorCode::kDenied, fmt::format("{} failed with exit code {}: {}", who, code,
                                                last_line(program.complained)));
  }
  auto found = parse_credential(program.said);
  if (!found.has_value()) return fail(who, std::move(found.error()));
  return found;
}

}  // namespace cordyna::kubernetes
