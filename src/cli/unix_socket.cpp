#include "cli/unix_socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace cordyna::cli {
namespace {

constexpr int kBacklog = 64;

std::unexpected<Error> refused(const std::string& path, const char* what) {
  return fail(ErrorCode::kUnavailable, fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

struct Address {
  sockaddr_un value{};
  Fd folder;  // keeps /proc/self/fd/N alive
};

/// Paths of sockets are short; through the folder's descriptor any length works.
Result<Address> address_of(const std::string& path) {
  Address address;
  address.value.sun_family = AF_UNIX;
  std::string name = path;
  if (name.size() >= sizeof address.value.sun_path) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = path.substr(0, slash);
    address.folder = Fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!address.folder.valid()) return refused(folder, "open");
    name = fmt::format("/proc/self/fd/{}/{}", address.folder.get(), path.substr(slash + 1));
  }
  std::memcpy(address.value.sun_path, name.c_str(), name.size() + 1);
  return address;
}

Result<Fd> make_socket(const std::string& path) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return refused(path, "socket");
  return fd;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);  // as the socket API wants it
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int Fd::release() {
  return std::exchange(fd_, -1);
}

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<Fd> listen_at(const std::string& path) {
  TRY_ASSIGN(const Address address, address_of(path));
  TRY_ASSIGN(Fd fd, make_socket(path));
  ::unlink(path.c_str());
  // Before bind: on Linux the file gets these bits, and nobody can come in between.
  ::fchmod(fd.get(), S_IRUSR | S_IWUSR);
  if (::bind(fd.get(), generic(address.value), sizeof address.value) != 0) {
    return refused(path, "bind");
  }
  if (::listen(fd.get(), kBacklog) != 0) return refused(path, "listen");
  return fd;
}

Result<Fd> connect_to(const std::string& path) {
  TRY_ASSIGN(const Address address, address_of(path));
  TRY_ASSIGN(Fd fd, make_socket(path));
  if (::connect(fd.get(), generic(address.value), sizeof address.value) != 0) {
    return refused(path, "connect");
  }
  return fd;
}

Fd accept_from(int listener) {
  Fd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.valid()) return fd;
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = ::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  if (!known || (peer.uid != ::geteuid() && peer.uid != 0)) fd.reset();
  return fd;
}

std::string peer_name(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return "?";
  std::array<char, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): written into
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(peer.uid, &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return std::to_string(peer.uid);
  }
  return found->pw_name;
}

}  // namespace cordyna::cli
