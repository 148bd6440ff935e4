#include "process/data/whole_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

namespace cordyna::data {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

std::unexpected<Error> damaged(std::string how) {
  return fail(ErrorCode::kCorrupt, std::move(how));
}

using Take = std::function<Result<>(std::string_view piece)>;

/// What came out so far. A small file may hold more than any disk.
class Unpacked {
 public:
  explicit Unpacked(std::uint64_t bytes_max, const Take& take = {})
      : bytes_max_(bytes_max), take_(take) {}
  Result<> add(const unsigned char* bytes, std::size_t size) {
    bytes_ += size;
    if (bytes_max_ == 0 || bytes_ <= bytes_max_) {
      return take_ ? take_({reinterpret_cast<const char*>(bytes), size}) : Result<>();
    }
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("unpacks to more than {} bytes, the limit (transfer.max_size)", bytes_max_));
  }

 private:
  std::uint64_t bytes_max_;
  Take take_;
  std::uint64_t bytes_ = 0;
};

/// Every piece of the file, in order.
Result<> read_all(const std::string& path,
                  const std::function<Result<>(unsigned char* bytes, std::size_t size)>& take) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::vector<unsigned char> piece(kPieceBytes);
  Result<> result;
  ssize_t n = fd < 0 ? -1 : 1;
  while (n != 0 && result.has_value()) {
    if (fd >= 0) n = read(fd, piece.data(), piece.size());
    if (fd >= 0 && n < 0 && errno == EINTR) continue;
    if (n < 0) {
      result = fail(ErrorCode::kUnavailable,
                    fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    } else if (n > 0) {
      result = take(piece.data(), static_cast<std::size_t>(n));
    }
  }
  if (fd >= 0) close(fd);
  return result;
}

/// A file may hold several streams behind each other.
Result<> check_gzip(const std::string& path, Unpacked unpacked) {
  z_stream stream{};
  constexpr int kGzip = 16;
  if (inflateInit2(&stream, MAX_WBITS + kGzip) != Z_OK) {
    return fail(ErrorCode::kUnavailable, "no memory for gzip");
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, inflateEnd);
  std::vector<unsigned char> out(kPieceBytes);
  bool within = true;
  const auto take = [&](unsigned char* bytes, std::size_t size) -> Result<> {
    stream.next_in = bytes;
    stream.avail_in = static_cast<uInt>(size);
    bool full = false;  // more may come out of what went in already
    while (stream.avail_in > 0 || full) {
      if (!within) {
        inflateReset(&stream);
        within = true;
      }
      stream.next_out = out.data();
      stream.avail_out = static_cast<uInt>(out.size());
      const int code = inflate(&stream, Z_NO_FLUSH);
      if (code == Z_STREAM_END) within = false;
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        return damaged(fmt::format("is damaged: {}",
                                   stream.msg == nullptr ? "gzip cannot read it" : stream.msg));
      }
      TRY(unpacked.add(out.data(), out.size() - stream.avail_out));
      full = within && stream.avail_out == 0;
    }
    return {};
  };
  TRY(read_all(path, take));
  return within ? damaged("was cut short: its gzip stream does not end") : Result<>();
}

Result<> check_zstd(const std::string& path, Unpacked unpacked) {
  const std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(),
                                                                             ZSTD_freeDStream);
  if (stream == nullptr) return fail(ErrorCode::kUnavailable, "no memory for zstd");
  std::vector<unsigned char> out(kPieceBytes);
  std::size_t wanted = 1;  // 0: at the end of a frame
  const auto take = [&](unsigned char* bytes, std::size_t size) -> Result<> {
    ZSTD_inBuffer in{bytes, size, 0};
    bool full = false;  // more may come out of what went in already
    while (in.pos < in.size || full) {
      ZSTD_outBuffer into{out.data(), out.size(), 0};
      wanted = ZSTD_decompressStream(stream.get(), &into, &in);
      if (ZSTD_isError(wanted) != 0) {
        return damaged(fmt::format("is damaged: {}", ZSTD_getErrorName(wanted)));
      }
      TRY(unpacked.add(out.data(), into.pos));
      full = into.pos == into.size && wanted != 0;
    }
    return {};
  };
  TRY(read_all(path, take));
  return wanted != 0 ? damaged("was cut short: its zstd stream does not end") : Result<>();
}

}  // namespace

Result<> check_whole(const std::string& path, const std::string& compression,
                     std::uint64_t bytes_max) {
  if (compression == "gzip") return check_gzip(path, Unpacked(bytes_max));
  if (compression == "zstd") return check_zstd(path, Unpacked(bytes_max));
  return {};
}

Result<> unpack(const std::string& path, const std::string& compression, std::uint64_t bytes_max,
                const std::function<Result<>(std::string_view piece)>& take) {
  if (compression == "gzip") return check_gzip(path, Unpacked(bytes_max, take));
  if (compression == "zstd") return check_zstd(path, Unpacked(bytes_max, take));
  Unpacked plain(bytes_max, take);
  return read_all(
      path, [&plain](unsigned char* bytes, std::size_t size) { return plain.add(bytes, size); });
}

}  // namespace cordyna::data
