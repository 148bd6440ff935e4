#include "process/local/fork_link.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "process/local/environment.hpp"
#include "process/local/files.hpp"
#include "process/local/protocol.hpp"
#include "process/local/spawn.hpp"

namespace cordyna::local {
namespace {

constexpr int kStartTriesMax = 50;
constexpr int kStartWaitMs = 10'000;
constexpr int kRetryWaitMs = 10;

/// Runs `argv` with its standard output at `out`; the pid, or an error.
Result<pid_t> spawn_server(const std::vector<std::string>& argv, int out) {
  const std::vector<char*> arguments = pointers(argv);
  const std::vector<std::string> env = server_environment();
  const std::vector<char*> variables = pointers(env);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A signal to the owner's group, like Ctrl-C, must not reach it before it has detached itself.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t pid = -1;
  const int error =
      posix_spawn(&pid, argv[0].c_str(), &actions, &attributes, arguments.data(), variables.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(ErrorCode::kUnavailable, argv[0] + ": " + errno_text(error));
  return pid;
}

/// The line that the server answers with; empty: none came in time.
std::string read_answer(int pipe_end) {
  std::string line;
  std::array<char, 512> buffer;
  while (line.find('\n') == std::string::npos) {
    pollfd ready{pipe_end, POLLIN, 0};
    const int count = poll(&ready, 1, kStartWaitMs);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return {};
    const ssize_t got = read(pipe_end, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    line.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return line.substr(0, line.find('\n'));
}

/// A connection to the server; invalid: there is none.
Result<Fd> connect_to(const StateLayout& layout) {
  const Fd folder = open_folder(AT_FDCWD, layout.folder().c_str());
  if (!folder.valid()) {
    return fail(ErrorCode::kUnavailable, layout.folder() + ": " + errno_text(errno));
  }
  Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return fail(ErrorCode::kUnavailable, "a socket: " + errno_text(errno));
  const sockaddr_un address = socket_address(layout.supervise_socket(), folder.get());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return socket;
  }
  if (errno == ENOENT || errno == ECONNREFUSED) return Fd();
  return fail(ErrorCode::kUnavailable, layout.supervise_socket() + ": " + errno_text(errno));
}

}  // namespace

ServerStart::ServerStart(const StateLayout& layout, std::vector<std::string> argv)
    : layout_(layout), argv_(std::move(argv)), pid_(0) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    pid_ = fail(ErrorCode::kUnavailable, "a pipe: " + errno_text(errno));
    return;
  }
  answer_ = Fd(ends[0]);
  const Fd theirs(ends[1]);
  pid_ = spawn_server(argv_, theirs.get());
}

ServerStart::~ServerStart() {
  if (!pid_.has_value() || *pid_ == 0) return;
  // A server ends when its last owner goes; without a first one it would wait for seconds.
  if (wait().has_value()) (void)connect_to(layout_);
}

Result<bool> ServerStart::wait() {
  if (!pid_.has_value()) {
    return fail("the fork server cannot be started", std::move(pid_.error()));
  }
  const std::string line = read_answer(answer_.get());
  while (waitpid(*pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  if (line == "ready") return false;
  if (line == "taken") return true;
  return fail(ErrorCode::kUnavailable, "the fork server cannot be started: " +
                                           (line.empty() ? argv_[0] + " did not answer" : line));
}

ForkLink::ForkLink(const StateLayout& layout, std::vector<std::string> supervise_argv,
                   std::shared_ptr<ServerStart> starting)
    : layout_(layout), argv_(std::move(supervise_argv)), starting_(std::move(starting)) {}

Result<Fd> ForkLink::new_guardian() {
  const std::lock_guard lock(mutex_);
  const char head[] = {'G', kProtocolVersion};
  int error = 0;
  // The connection that was there may be to a server that is dead now.
  for (int tries = 0; tries < 3; ++tries) {
    TRY(connect());
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      return fail(ErrorCode::kUnavailable, "a socket pair: " + errno_text(errno));
    }
    Fd ours(ends[0]);
    const Fd theirs(ends[1]);
    error = send_message(socket_.get(), std::string_view(head, sizeof head), theirs.get());
    if (error == 0) return ours;
    socket_.reset();
  }
  return fail(ErrorCode::kUnavailable, "the fork server does not answer: " + errno_text(error));
}

Result<> ForkLink::connect() {
  if (socket_.valid()) return {};
  if (starting_ != nullptr) TRY(start_server());
  for (int tries = 0; tries < kStartTriesMax; ++tries) {
    TRY_ASSIGN(socket_, connect_to(layout_));
    if (socket_.valid()) return {};
    TRY(start_server());
  }
  return fail(ErrorCode::kUnavailable,
              layout_.supervise_socket() + ": somebody holds supervise.lock but serves nobody");
}

Result<> ForkLink::start_server() {
  const auto starting = starting_ != nullptr ? std::exchange(starting_, nullptr)
                                             : std::make_shared<ServerStart>(layout_, argv_);
  TRY_ASSIGN(const bool another, starting->wait());
  // A moment decides whether it is about to serve, or about to end.
  if (another) poll(nullptr, 0, kRetryWaitMs);
  return {};
}

}  // namespace cordyna::local
