#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/percent.hpp"
#include "template/engine.hpp"
#include "template/template.hpp"

namespace cordyna::tmpl {
namespace {

constexpr std::string_view kFrontEnds = "/?#\\";

/// Whether scheme, host and port are over: what comes is path or query.
bool is_behind_host(std::string_view address) {
  const std::size_t scheme = address.find("://");
  if (scheme == std::string_view::npos) return false;
  return address.find_first_of(kFrontEnds, scheme + 3) != std::string_view::npos;
}

bool may_stand_in_host(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:[]").contains(c);
  });
}

struct UrlPart {
  std::string_view text;  ///< as it stands, or an expression with its braces
  std::size_t offset = 0;
  bool is_expression = false;
  bool is_raw = false;
};

/// The text taken apart; comments are left out. What cannot be taken apart is a problem.
std::expected<std::vector<UrlPart>, Problem> parts_of(std::string_view text) {
  std::vector<UrlPart> parts;
  std::size_t at = 0;
  std::size_t plain = 0;
  const auto end_plain = [&] {
    if (at > plain) parts.push_back({text.substr(plain, at - plain), plain});
  };
  while (at < text.size()) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (text[at] != '{' || (next != '{' && next != '%' && next != '#')) {
      ++at;
      continue;
    }
    end_plain();
    if (next == '%') {
      return std::unexpected(Problem{
          "statements ({% … %}) cannot stand in an address; write {{ a if b else c }}", at});
    }
    if (next == '#') {
      const std::size_t end = text.find("#}", at + 2);
      if (end == std::string_view::npos) return std::unexpected(Problem{"'{#' has no '#}'", at});
      plain = at = end + 2;
      continue;
    }
    auto found = find_expression(text.substr(at));
    if (!found.has_value()) {
      found.error().offset += at;
      return std::unexpected(std::move(found.error()));
    }
    parts.push_back({text.substr(at, found->size), at, true, found->is_raw});
    plain = at += found->size;
  }
  end_plain();
  return parts;
}

}  // namespace

std::vector<Problem> check_url(std::string_view text) {
  const auto parts = parts_of(text);
  return parts.has_value() ? std::vector<Problem>() : std::vector<Problem>{parts.error()};
}

Result<BoundUrl> bind_url(std::string_view text, std::string_view context, const Lookup& lookup) {
  const auto parts = parts_of(text);
  if (!parts.has_value()) return fail(ErrorCode::kInvalidArgument, parts.error().message);
  BoundUrl bound;
  for (const UrlPart& part : *parts) {
    if (!part.is_expression) {
      bound.text += part.text;
      continue;
    }
    TRY_ASSIGN(std::string value, evaluate(part.text, context, lookup, Mode::kText));
    if (is_behind_host(bound.text)) {
      bound.text += part.is_raw ? value : percent_encode(value);
      continue;
    }
    for (Reference& reference : analyze_text(part.text).references) {
      bound.host_from.push_back(std::move(reference));
    }
    // At the very beginning it may be a whole address, which whoever calls takes apart.
    if (!bound.text.empty() && !part.is_raw && !may_stand_in_host(value)) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: the value stands in the address's host, and has a character "
                              "that no host has",
                              part.text));
    }
    bound.text += value;
  }
  return bound;
}

}  // namespace cordyna::tmpl
