#include "process/local/protocol.hpp"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "process/local/files.hpp"

namespace cordyna::local {
namespace {

constexpr std::uint64_t kOrderBytesMax = std::uint64_t{256} << 20;
constexpr std::uint64_t kUsesGroups = 1;
constexpr std::uint64_t kEndsItsOwn = 2;

void put(std::string& out, std::uint64_t number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);  // both ends are this machine
  out.append(bytes, sizeof number);
}

void put(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint64_t>(text.size()));
  out += text;
}

void put(std::string& out, const std::vector<std::string>& list) {
  put(out, static_cast<std::uint64_t>(list.size()));
  for (const std::string& text : list) put(out, std::string_view(text));
}

/// Reads what `put` wrote; after the first fault everything is empty and `ok` is false.
struct Reader {
  std::string_view rest;
  bool ok = true;

  std::uint64_t number() {
    std::uint64_t value = 0;
    if (rest.size() < sizeof value) {
      ok = false;
      return 0;
    }
    std::memcpy(&value, rest.data(), sizeof value);
    rest.remove_prefix(sizeof value);
    return value;
  }

  std::string text() {
    const std::uint64_t size = number();
    if (!ok || size > rest.size()) {
      ok = false;
      return {};
    }
    std::string value(rest.substr(0, size));
    rest.remove_prefix(size);
    return value;
  }

  /// Each element takes at least a length, which bounds a forged count.
  std::uint64_t count() {
    const std::uint64_t value = number();
    if (value > rest.size() / sizeof value) ok = false;
    return ok ? value : 0;
  }

  std::vector<std::string> list() {
    std::vector<std::string> values;
    const std::uint64_t n = count();
    values.reserve(n);
    for (std::uint64_t i = 0; i < n && ok; ++i) values.push_back(text());
    return values;
  }
};

}  // namespace

std::string encode(const StartOrder& order) {
  std::string out;
  std::size_t size = 4096;
  for (const LaunchFile& file : order.files) size += file.content.size() + 64;
  for (const std::string& variable : order.env) size += variable.size() + 8;
  out.reserve(size);  // one buffer: growing would leave copies of secrets behind
  out += 'S';
  out += kProtocolVersion;
  put(out, std::string_view(order.name));
  put(out, order.argv);
  put(out, order.env);
  put(out, std::string_view(order.folder));
  put(out, static_cast<std::uint64_t>(order.files.size()));
  for (const LaunchFile& file : order.files) {
    put(out, std::string_view(file.name));
    put(out, std::string_view(file.content));
  }
  put(out, order.masks);
  put(out, static_cast<std::uint64_t>(order.complete));
  put(out, static_cast<std::uint64_t>(order.kill_grace));
  put(out, order.log_bytes_max);
  put(out, static_cast<std::uint64_t>(order.umask));
  put(out, order.fence);
  put(out, static_cast<std::uint64_t>(order.resources.cpu_millis));
  put(out, order.resources.memory_bytes);
  put(out, order.resources.disk_bytes);
  put(out, static_cast<std::uint64_t>(order.resources.cpu_time));
  // Two flags in one number: a guardian of before the second one reads the first.
  put(out, static_cast<std::uint64_t>(order.use_groups ? kUsesGroups : 0) |
               (order.ends_its_own ? kEndsItsOwn : 0));
  return out;
}

Result<StartOrder> decode_order(std::string_view bytes) {
  if (bytes.size() < 2 || bytes[0] != 'S' || bytes[1] != kProtocolVersion) {
    return fail(ErrorCode::kInvalidArgument, "a start order of another version");
  }
  Reader reader{bytes.substr(2)};
  StartOrder order;
  order.name = reader.text();
  order.argv = reader.list();
  order.env = reader.list();
  order.folder = reader.text();
  const std::uint64_t files = reader.count();
  for (std::uint64_t i = 0; i < files && reader.ok; ++i) {
    LaunchFile file;
    file.name = reader.text();
    file.content = reader.text();
    order.files.push_back(std::move(file));
  }
  order.masks = reader.list();
  order.complete = static_cast<Millis>(reader.number());
  order.kill_grace = static_cast<Millis>(reader.number());
  order.log_bytes_max = reader.number();
  order.umask = static_cast<std::uint32_t>(reader.number());
  order.fence = reader.number();
  order.resources.cpu_millis = static_cast<std::uint32_t>(reader.number());
  order.resources.memory_bytes = reader.number();
  order.resources.disk_bytes = reader.number();
  order.resources.cpu_time = static_cast<Millis>(reader.number());
  const std::uint64_t flags = reader.number();
  order.use_groups = (flags & kUsesGroups) != 0;
  order.ends_its_own = (flags & kEndsItsOwn) != 0;
  if (!reader.ok || !reader.rest.empty() || order.argv.empty()) {
    return fail(ErrorCode::kInvalidArgument, "a damaged start order");
  }
  return order;
}

std::string encode(const Message& message) {
  std::string out{message.kind, kProtocolVersion};
  put(out, std::string_view(message.name));
  out += message.payload;
  return out;
}

std::optional<Message> decode_message(std::string_view bytes) {
  if (bytes.size() < 2 || bytes[1] != kProtocolVersion) return std::nullopt;
  Message message;
  message.kind = bytes[0];
  Reader reader{bytes.substr(2)};
  message.name = reader.text();
  if (!reader.ok) return std::nullopt;
  message.payload = reader.rest;
  return message;
}

int send_message(int socket, std::string_view bytes, int passed, bool wait) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (passed >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &passed, sizeof passed);
  }
  while (sendmsg(socket, &header, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT)) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int send_order(int socket, std::string_view order) {
  if (order.size() <= kMessageMax) return send_message(socket, order, -1, false);
  const Fd memory(memfd_create("cordyna-order", MFD_CLOEXEC));
  if (!memory.valid()) return errno;
  if (const int error = write_all(memory.get(), order)) return error;
  const char head[] = {'M', kProtocolVersion};
  return send_message(socket, std::string_view(head, sizeof head), memory.get(), false);
}

Received receive_message(int socket, std::string& bytes, Fd& passed) {
  // Not in `bytes`, which would be filled with zeros first, each time.
  const auto buffer = std::make_unique_for_overwrite<char[]>(kMessageMax + 1);
  bytes.clear();
  iovec part{buffer.get(), kMessageMax + 1};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t got = 0;
  do {
    got = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got > 0) {
    bytes.assign(buffer.get(), static_cast<std::size_t>(got));
    explicit_bzero(buffer.get(), static_cast<std::size_t>(got));  // it may hold secrets
  }
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Received::kNothing;
  passed.reset();
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); got >= 0 && c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
    passed = Fd(fd);
  }
  if (got <= 0 || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return Received::kEnd;
  return Received::kMessage;
}

Result<std::string> read_memfd(int memfd) {
  struct stat status{};
  if (fstat(memfd, &status) != 0 || status.st_size < 0 ||
      static_cast<std::uint64_t>(status.st_size) > kOrderBytesMax) {
    return fail(ErrorCode::kUnavailable, "a start order that cannot be read");
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        pread(memfd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(ErrorCode::kUnavailable, "a start order that was cut short");
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace cordyna::local
