#include "template/engine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sodium.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/nearest.hpp"
#include "rust/template_ffi.h"

namespace cordyna::tmpl {
namespace {

constexpr std::size_t kExpressionMax = std::size_t{64} << 10;

DynaBytes bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view view(DynaBytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}

/// Owns what the engine gave.
class Text {
 public:
  Text() = default;
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() { dyna_template_free(&text_); }

  DynaText* out() { return &text_; }
  [[nodiscard]] std::string_view content() const {
    return {reinterpret_cast<const char*>(text_.data), text_.size};
  }
  [[nodiscard]] std::size_t offset() const { return text_.offset; }

 private:
  DynaText text_ = {nullptr, 0, 0, 0};
};

/// What a template may ask for while it is evaluated; keeps the first error of a lookup.
struct LookupState {
  const Lookup* lookup;
  std::string found;
  std::optional<Error> error;
  std::optional<Error> unset;  ///< a variable that is not set; an error only where it is used
};

int32_t find(void* self, int32_t kind, DynaBytes name, DynaBytes* found) {
  auto* state = static_cast<LookupState*>(self);
  const bool env = kind == DYNA_FIND_ENV;
  const auto& source = env                        ? state->lookup->env
                       : kind == DYNA_FIND_SECRET ? state->lookup->secret
                                                  : state->lookup->files;
  Result<std::string> value =
      source ? source(view(name))
             : Result<std::string>(fail(ErrorCode::kInvalidArgument,
                                        fmt::format("{}('{}') cannot be used here",
                                                    env                        ? "env"
                                                    : kind == DYNA_FIND_SECRET ? "secret"
                                                                               : "files",
                                                    view(name))));
  if (value.has_value()) {
    state->found = std::move(*value);
    *found = bytes(state->found);
    return DYNA_FOUND;
  }
  // A variable that is not set is an undefined value, so that `| default('x')` works.
  const bool unset = env && value.error().code == ErrorCode::kNotFound;
  std::optional<Error>& kept = unset ? state->unset : state->error;
  if (!kept.has_value()) kept = std::move(value.error());
  return unset ? DYNA_UNDEFINED : DYNA_NOT_FOUND;
}

void sha256(DynaBytes data, std::uint8_t* digest) {
  crypto_hash_sha256(digest, data.data, data.size);
}

std::vector<std::string> known_names(int32_t kind) {
  Text list;
  dyna_template_names(kind, list.out());
  std::vector<std::string> names;
  std::string_view rest = list.content();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    names.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return names;
}

std::string unknown(int32_t kind, std::string_view name) {
  const std::vector<std::string> names = known_names(kind);
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const char* what = kind == DYNA_PROBLEM_FILTER ? "filter"
                     : kind == DYNA_PROBLEM_TEST ? "test"
                                                 : "function";
  const std::string near = nearest(name, candidates);
  if (!near.empty()) return fmt::format("unknown {} '{}'; did you mean '{}'?", what, name, near);
  if (kind == DYNA_PROBLEM_FUNCTION) {
    return fmt::format("unknown function '{}'; there are: {}", name, fmt::join(names, ", "));
  }
  return fmt::format("unknown {} '{}'", what, name);
}

void add_reference(void* self, std::size_t offset, const DynaBytes* path, std::size_t count) {
  Reference reference;
  reference.offset = offset;
  for (std::size_t i = 0; i < count; ++i) reference.path.emplace_back(view(path[i]));
  static_cast<Analysis*>(self)->references.push_back(std::move(reference));
}

void add_problem(void* self, int32_t kind, std::size_t offset, DynaBytes text) {
  std::string message =
      kind == DYNA_PROBLEM_MESSAGE ? std::string(view(text)) : unknown(kind, view(text));
  static_cast<Analysis*>(self)->problems.push_back({std::move(message), offset});
}

void add_raw(void* self, std::size_t offset) {
  static_cast<Analysis*>(self)->raw_uses.push_back(offset);
}

}  // namespace

Result<std::string> evaluate(std::string_view text, std::string_view context, const Lookup& lookup,
                             Mode mode) {
  LookupState state{&lookup, {}, {}, {}};
  const DynaHost host{&state, &find, &sha256};
  Text result;
  const int32_t status = dyna_template_render(
      bytes(text), bytes(context), mode == Mode::kText ? DYNA_MODE_TEXT : DYNA_MODE_EXPRESSION,
      &host, result.out());
  if (status == DYNA_TEMPLATE_OK) return std::string(result.content());
  if (status == DYNA_TEMPLATE_BROKEN) {
    return fail(ErrorCode::kInternal, fmt::format("template engine: {}", result.content()));
  }
  if (state.error.has_value()) return std::unexpected(std::move(*state.error));
  if (status == DYNA_TEMPLATE_UNNAMED && state.unset.has_value()) {
    return std::unexpected(std::move(*state.unset));
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{} (at byte {} of the template)", result.content(), result.offset()));
}

std::expected<Expression, Problem> find_expression(std::string_view text) {
  Text result;
  int32_t is_raw = 0;
  const std::string_view window = text.substr(0, kExpressionMax);
  const int32_t status = dyna_template_expression(bytes(window), &is_raw, result.out());
  if (status == DYNA_TEMPLATE_OK) return Expression{result.offset(), is_raw != 0};
  return std::unexpected(Problem{std::string(result.content()), result.offset()});
}

Analysis analyze_text(std::string_view text) {
  Analysis analysis;
  const DynaSink sink{&analysis, &add_reference, &add_problem, &add_raw};
  Text result;
  if (dyna_template_analyze(bytes(text), &sink, result.out()) != DYNA_TEMPLATE_OK) {
    analysis.problems.push_back({std::string(result.content()), result.offset()});
  }
  std::ranges::stable_sort(analysis.references, {}, &Reference::offset);
  return analysis;
}

Result<bool> matches_whole(std::string_view pattern, std::string_view text) {
  Text result;
  int32_t matches = 0;
  const int32_t status = dyna_match_whole(bytes(pattern), bytes(text), &matches, result.out());
  if (status == DYNA_TEMPLATE_OK) return matches != 0;
  return fail(status == DYNA_TEMPLATE_BROKEN ? ErrorCode::kInternal : ErrorCode::kInvalidArgument,
              std::string(result.content()));
}

}  // namespace cordyna::tmpl
