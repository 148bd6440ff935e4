#include "input/json_check.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace cordyna::input {
namespace {

constexpr std::size_t kDepth = 100;

}  // namespace

Result<> check_json(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kDepth;
  boost::json::stream_parser parser({}, options);
  boost::system::error_code error;
  parser.write(text.data(), text.size(), error);
  if (!error) parser.finish(error);
  if (!error) return {};
  return fail(ErrorCode::kInvalidArgument, fmt::format("no JSON: {}", error.message()));
}

}  // namespace cordyna::input
