#include "cli/owner_server.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace cordyna::cli {
namespace {

constexpr std::size_t kClientsMax = 64;
constexpr std::size_t kOutWanted = 64 << 10;  // bytes kept ready for a client
constexpr std::uint32_t kPage = 500;

void wake(int fd) {
  const std::uint64_t one = 1;
  // Full means that it is woken already.
  [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
}

}  // namespace

Result<std::unique_ptr<OwnerServer>> OwnerServer::start(const StateLayout& layout,
                                                        OwnerService& service) {
  TRY_ASSIGN(Fd listener, listen_at(layout.owner_socket()));
  return std::unique_ptr<OwnerServer>(
      new OwnerServer(std::move(listener), layout.owner_socket(), service));
}

OwnerServer::OwnerServer(Fd listener, std::string path, OwnerService& service)
    : listener_(std::move(listener)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      path_(std::move(path)),
      service_(service),
      thread_([this] { loop(); }) {}

OwnerServer::~OwnerServer() {
  stopping_ = true;
  wake(wake_.get());
  thread_.join();
  // While the state is still ours: the next owner makes its own.
  ::unlink(path_.c_str());
}

void OwnerServer::changed() {
  if (!followed_ || changed_.exchange(true)) return;
  wake(wake_.get());
}

void OwnerServer::loop() {
  while (!stopping_) {
    std::vector<pollfd> fds;
    fds.push_back({wake_.get(), POLLIN, 0});
    const bool full = clients_.size() >= kClientsMax;
    fds.push_back({full ? -1 : listener_.get(), POLLIN, 0});
    for (const Client& client : clients_) {
      const auto events =
          static_cast<short>(client.out.empty() && !client.behind ? POLLIN : POLLIN | POLLOUT);
      fds.push_back({client.fd.get(), events, 0});
    }
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if ((fds[0].revents & POLLIN) != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
    }
    const bool changed = changed_.exchange(false);
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      Client& client = clients_[i];
      if (changed) client.behind = client.run != 0;
      const auto events = fds[i + 2].revents;
      bool open = (events & (POLLERR | POLLNVAL)) == 0;
      if (open && (events & (POLLIN | POLLHUP)) != 0) open = receive(client);
      if (open) fill(client);
      if (open) open = send(client);
      if (!open) client.fd.reset();
    }
    std::erase_if(clients_, [](const Client& client) { return !client.fd.valid(); });
    if ((fds[1].revents & POLLIN) != 0) admit();
    followed_ = std::ranges::any_of(clients_, [](const Client& c) { return c.run != 0; });
  }
}

void OwnerServer::admit() {
  Client client;
  client.fd = accept_from(listener_.get());
  if (client.fd.valid()) clients_.push_back(std::move(client));
}

/// False: the client has gone, or sends what nobody should.
bool OwnerServer::receive(Client& client) {
  std::array<char, 64 << 10> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into
  const ssize_t got = ::recv(client.fd.get(), chunk.data(), chunk.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  if (client.answered) return true;  // one request a connection
  const std::size_t before = client.in.size();
  client.in.append(chunk.data(), static_cast<std::size_t>(got));
  if (client.in.size() > kRequestBytesMax) return false;
  const std::size_t end = client.in.find('\n', before);
  if (end != std::string::npos) answer(client, std::string_view(client.in).substr(0, end));
  return true;
}

void OwnerServer::answer(Client& client, std::string_view line) {
  client.answered = true;
  auto request = decode_request(line);
  if (request.has_value()) request->actor = "local:" + peer_name(client.fd.get());
  Result<RunNo> answered = request.has_value()
                               ? service_.handle(*request)
                               : Result<RunNo>(std::unexpected<Error>(request.error()));
  client.out = encode_answer(answered);
  client.closing = !answered.has_value() || !request->follow;
  if (!client.closing) {
    client.run = *answered;
    client.after = request->after;
    client.behind = true;
    followed_ = true;
  }
  client.in = std::string();
}

void OwnerServer::fill(Client& client) {
  while (client.run != 0 && client.behind && client.out.size() < kOutWanted) {
    const auto page = service_.history(client.run, client.after, kPage);
    if (!page.has_value()) {
      // The client sees the end of the stream and looks for itself.
      client.run = 0;
      client.closing = true;
      return;
    }
    client.behind = page->size() == kPage;
    for (const Update& update : *page) {
      append_json(client.out, update);
      client.out += '\n';
      client.after = update.seq;
      // A pause that was over before the client asked is history.
      if (!rests_run(update) || &update != &page->back()) continue;
      client.run = 0;
      client.closing = true;
      return;
    }
  }
}

/// False: the connection is done.
bool OwnerServer::send(Client& client) {
  while (!client.out.empty()) {
    const ssize_t sent =
        ::send(client.fd.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN;
    client.out.erase(0, static_cast<std::size_t>(sent));
  }
  return !client.closing;
}

}  // namespace cordyna::cli
