#include "cli/owner_client.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace cordyna::cli {
namespace {

constexpr int kAnswerWithin = 30'000;  // milliseconds without any progress

std::unexpected<Error> gone() {
  return fail(ErrorCode::kUnavailable, "the owner of the state has gone");
}

bool wait_for(int fd, short events) {
  pollfd ready{fd, events, 0};
  for (;;) {
    const int count = ::poll(&ready, 1, kAnswerWithin);
    if (count >= 0 || errno != EINTR) return count > 0;
  }
}

}  // namespace

Result<OwnerClient> OwnerClient::connect(const StateLayout& layout) {
  TRY_ASSIGN(Fd fd, connect_to(layout.owner_socket()));
  return OwnerClient(std::move(fd));
}

Result<RunNo> OwnerClient::request(const OwnerRequest& request) {
  const std::string text = encode(request);
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t sent = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      rest.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd_.get(), POLLOUT)) return gone();
    } else if (errno != EINTR) {
      return gone();
    }
  }
  for (;;) {
    const auto line = next_line();
    if (line.has_value()) return decode_answer(*line);
    if (!wait_for(fd_.get(), POLLIN)) {
      return fail(ErrorCode::kUnavailable, "the owner of the state does not answer");
    }
    TRY(receive());
  }
}

Result<std::vector<Update>> OwnerClient::read() {
  std::vector<Update> updates;
  const auto received = receive();
  for (auto line = next_line(); line.has_value(); line = next_line()) {
    TRY_ASSIGN(Update update, parse_update(*line));
    updates.push_back(std::move(update));
  }
  // What came before the end counts; the end shows again with the next call.
  if (!received.has_value() && updates.empty()) return gone();
  return updates;
}

Result<> OwnerClient::receive() {
  std::array<char, 64 << 10> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into
  const ssize_t got = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
  if (got == 0) return gone();
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return {};
    return gone();
  }
  in_.erase(0, used_);
  used_ = 0;
  in_.append(chunk.data(), static_cast<std::size_t>(got));
  return {};
}

std::optional<std::string_view> OwnerClient::next_line() {
  const std::size_t end = in_.find('\n', used_);
  if (end == std::string::npos) return std::nullopt;
  const auto line = std::string_view(in_).substr(used_, end - used_);
  used_ = end + 1;
  return line;
}

}  // namespace cordyna::cli
