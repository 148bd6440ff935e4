#include "server/api/file_source.hpp"

#include <unistd.h>

#include <algorithm>

namespace cordyna::server {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

}  // namespace

FileSource::~FileSource() {
  ::close(fd_);
}

BodySource::Pulled FileSource::pull(std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + kPieceBytes);
  const ssize_t size = ::read(fd_, out.data() + before, kPieceBytes);
  out.resize(before + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return size > 0 ? Pulled::kMore : Pulled::kEnd;
}

}  // namespace cordyna::server
