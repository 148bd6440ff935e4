#include "docker/frames.hpp"

#include <algorithm>

namespace cordyna::docker {
namespace {

constexpr std::size_t kHeadBytes = 8;

}  // namespace

Result<> FrameReader::begin_frame() {
  const auto byte = [this](std::size_t at) { return static_cast<unsigned char>(head_[at]); };
  constexpr unsigned kStreams = 4;  // input (as it was typed), output, errors, the daemon's own
  if (byte(0) >= kStreams || byte(1) != 0 || byte(2) != 0 || byte(3) != 0) {
    return fail(ErrorCode::kCorrupt, "the daemon sent output that is not in frames");
  }
  stream_ = byte(0) >= 2 ? OutputStream::kError : OutputStream::kOut;
  left_ = 0;
  for (std::size_t i = 4; i < kHeadBytes; ++i) left_ = left_ << 8 | byte(i);
  head_.clear();
  return {};
}

Result<> FrameReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (left_ == 0) {
      const std::size_t wanted = std::min(kHeadBytes - head_.size(), bytes.size());
      head_ += bytes.substr(0, wanted);
      bytes.remove_prefix(wanted);
      if (head_.size() == kHeadBytes) TRY(begin_frame());
      continue;
    }
    const std::string_view piece = bytes.substr(0, left_);
    TRY(sink_(stream_, piece));
    left_ -= static_cast<std::uint32_t>(piece.size());
    bytes.remove_prefix(piece.size());
  }
  return {};
}

}  // namespace cordyna::docker
