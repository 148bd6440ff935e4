#include "redis/reply.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace cordyna::redis {
namespace {

using Word = std::string_view;

// The same again would be refused again, until somebody changes something there.
constexpr std::array kDenied{Word("NOAUTH"), Word("WRONGPASS"), Word("NOPERM")};
constexpr std::array kWrong{Word("WRONGTYPE")};

}  // namespace

const Reply* Reply::find(std::string_view name) const {
  for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
    if (list[i].text == name) return &list[i + 1];
  }
  return nullptr;
}

Fault fault_of(std::string_view text) {
  constexpr std::size_t kShown = 300;
  Fault fault;
  fault.word = text.substr(0, text.find(' '));
  ErrorCode code = ErrorCode::kUnavailable;
  if (std::ranges::count(kDenied, fault.word) > 0) code = ErrorCode::kDenied;
  if (std::ranges::count(kWrong, fault.word) > 0) code = ErrorCode::kInvalidArgument;
  fault.error = {code, fit(printable(text), kShown)};
  if (fault.word == "MOVED") {
    fault.error.message += ": it is a cluster; name the server that has the stream";
  }
  return fault;
}

}  // namespace cordyna::redis
