/// What a client and the owner of a state say to each other over owner.sock: JSON, one object a
/// line.
///
///   client: {"version":1,"op":"submit","run":"<uuid>","follow":true,"after":0,
///            "folder":"/data/flows","canonical":"{…}","inputs":"{…}"}
///           {"version":1,"op":"resume"|"cancel"|"follow","run":"<uuid>","follow":true,"after":17}
///           {"version":1,"op":"approve"|"reject",…,"task":"share","by":"ann","note":"a holiday"}
///   owner:  {"ok":true,"run":12}   or   {"error":{"code":"not_found","message":"…"}}
///   then, where "follow" was asked for, the updates of the run after the given history number (as
///   `--follow json` prints them), until the run has ended or the owner has gone.
/// Everything a client asks for names the run by its own id: asking again is harmless.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/id.hpp"
#include "base/result.hpp"
#include "model/rows.hpp"

namespace cordyna::cli {

inline constexpr int kOwnerProtocol = 1;
/// A flow may have 16 MB, and its canonical form stands in a JSON string.
inline constexpr std::size_t kRequestBytesMax = std::size_t{64} << 20;

enum class OwnerOp : std::uint8_t { kSubmit, kResume, kCancel, kFollow, kApprove, kReject };

struct OwnerRequest {
  OwnerOp op = OwnerOp::kFollow;
  RunId run;
  bool follow = true;
  std::int64_t after = 0;
  std::string canonical;  ///< from here: for submit
  std::string folder;
  std::string inputs;
  std::string task;  ///< from here: for approve and reject; empty: the only one that is held
  std::string by;
  std::string note;
};

[[nodiscard]] std::string_view to_string(OwnerOp op);

/// With the line end.
[[nodiscard]] std::string encode(const OwnerRequest& request);
/// Without the line end. Errors: kInvalidArgument; kConflict for another version.
[[nodiscard]] Result<OwnerRequest> decode_request(std::string_view line);

[[nodiscard]] std::string encode_answer(const Result<RunNo>& answer);
/// The owner's error as an error. Errors: also kCorrupt for what is no answer.
[[nodiscard]] Result<RunNo> decode_answer(std::string_view line);

}  // namespace cordyna::cli
