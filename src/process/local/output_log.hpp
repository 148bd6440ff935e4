/// The log of one attempt, as its guardian writes it (model/log_format.hpp).
///
/// Masks first, then splits into lines and cuts, then caps. The file is made when the first byte
/// comes. An error of the disk is kept and ends the writing; reading goes on, so that no task hangs
/// on a full pipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "process/local/fd.hpp"
#include "process/local/masker.hpp"

namespace cordyna::local {

enum class OutputStream : std::uint8_t { kOut, kError };

/// Threads: none.
class OutputLog {
 public:
  /// Writes the file `log` in `folder` (borrowed), of at most `bytes_max` and one short record.
  OutputLog(int folder, std::size_t bytes_max, const std::vector<std::string>& secrets);
  OutputLog(const OutputLog&) = delete;
  OutputLog& operator=(const OutputLog&) = delete;

  /// Goes on behind what a log of ours left in the file, which has so many bytes. Before the first
  /// output.
  void go_on(std::uint64_t bytes);
  /// Output as it was read.
  void add(OutputStream stream, std::string_view bytes, Millis now);
  /// Writes lines that have no end yet: called when a stream pauses, so that a prompt is seen.
  void flush_unfinished(Millis now);
  [[nodiscard]] bool has_unfinished() const;
  /// Nothing more comes.
  void finish(Millis now);
  /// A record of ours.
  void note(std::string_view text, Millis now);

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] bool truncated() const { return truncated_; }
  /// errno of the first write that failed; 0: none did.
  [[nodiscard]] int error() const { return error_; }
  /// The last line of standard error that is not blank: masked, valid UTF-8, at most 300 bytes.
  [[nodiscard]] std::string last_error_line() const;

 private:
  struct Stream {
    char letter;
    Masker masker;
    std::string line;        ///< without its end yet
    bool continued = false;  ///< part of the line was written before
  };

  void split(Stream& stream, std::string_view text, Millis now);
  void end_line(Stream& stream, Millis now);
  void put(Stream& stream, std::string_view text, Millis now);
  void put_record(char letter, std::string_view text, Millis now);
  void write_out();

  int folder_;
  std::size_t bytes_max_;
  MaskSet masks_;
  Stream out_;
  Stream error_stream_;
  Fd file_;
  std::string buffer_;  ///< records not yet written
  std::string clear_;   ///< scratch: masked bytes
  std::string last_error_;
  std::uint64_t bytes_ = 0;  ///< with those in the buffer
  bool truncated_ = false;
  bool goes_on_ = false;
  int error_ = 0;
};

}  // namespace cordyna::local
