/// The output of a container without a terminal: frames of eight bytes (the stream, three zeros,
/// the length, big end first) and so many bytes.
///
/// Pure. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna::docker {

enum class OutputStream : std::uint8_t { kOut, kError };

/// Takes output as it comes, in pieces of any length. An error ends the reading, and comes out.
using OutputSink = std::function<Result<>(OutputStream, std::string_view)>;

class FrameReader {
 public:
  explicit FrameReader(OutputSink sink) : sink_(std::move(sink)) {}

  /// Errors: kCorrupt: no frames; those of the sink.
  [[nodiscard]] Result<> feed(std::string_view bytes);

 private:
  Result<> begin_frame();

  OutputSink sink_;
  std::string head_;        // of the next frame, as far as it has come
  std::uint32_t left_ = 0;  // bytes of this frame that have not come yet
  OutputStream stream_ = OutputStream::kOut;
};

}  // namespace cordyna::docker
