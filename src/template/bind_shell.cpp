#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "template/engine.hpp"
#include "template/shell_scanner.hpp"
#include "template/template.hpp"

namespace cordyna::tmpl {
namespace {

/// What the kernel takes for one string of an environment (MAX_ARG_STRLEN), with name, "=" and NUL.
constexpr std::size_t kEnvBytesMax = 131072;

/// "{{ x }}" without braces and the space in them: the same expression is one variable.
std::string_view inner(std::string_view slot) {
  slot = slot.substr(2, slot.size() - 4);
  const std::size_t begin = slot.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return slot.substr(begin, slot.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string reference(Place place, const std::string& name) {
  switch (place) {
    case Place::kBare: return fmt::format("\"${{{}}}\"", name);
    case Place::kDouble: return fmt::format("${{{}}}", name);
    case Place::kSingle: return fmt::format("'\"${{{}}}\"'", name);
    case Place::kAnsi: return fmt::format("'\"${{{}}}\"$'", name);
  }
  return {};
}

bool is_whole_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text.size() <= 20 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::size_t line_of(std::string_view script, std::size_t offset) {
  return 1 + static_cast<std::size_t>(std::ranges::count(script.substr(0, offset), '\n'));
}

class Binder {
 public:
  Binder(std::string_view script, std::string_view context, const Lookup& lookup)
      : script_(script), context_(context), lookup_(lookup) {}

  Result<BoundScript> run(const ShellScan& scan) {
    std::size_t from = 0;
    auto remark = scan.remarks.begin();
    for (const Slot& slot : scan.slots) {
      for (; remark != scan.remarks.end() && remark->offset < slot.offset; ++remark) {
        copy(from, remark->offset);
        from = remark->offset + remark->size;
      }
      copy(from, slot.offset);
      TRY(put(slot));
      from = slot.offset + slot.size;
    }
    for (; remark != scan.remarks.end(); ++remark) {
      copy(from, remark->offset);
      from = remark->offset + remark->size;
    }
    copy(from, script_.size());
    return std::move(bound_);
  }

 private:
  void copy(std::size_t from, std::size_t to) { bound_.text += script_.substr(from, to - from); }

  [[nodiscard]] std::string place(const Slot& slot) const {
    return fmt::format("line {} of the script, {}", line_of(script_, slot.offset),
                       script_.substr(slot.offset, std::min<std::size_t>(slot.size, 120)));
  }

  Result<> put(const Slot& slot) {
    const std::string_view text = script_.substr(slot.offset, slot.size);
    const auto known = names_.find(inner(text));
    if (slot.is_raw) {
      auto value = evaluate(text, context_, lookup_, Mode::kText);
      if (!value.has_value()) return fail(place(slot), std::move(value.error()));
      bound_.text += *value;
      return {};
    }
    if (known == names_.end()) TRY(bind(slot, text));
    const std::size_t index = names_.find(inner(text))->second;
    const auto& [name, value] = bound_.env[index];
    if (slot.number && !is_whole_number(value)) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: the shell computes with what stands here, so that only a whole "
                              "number is safe; it is not one",
                              place(slot)));
    }
    bound_.text += reference(slot.place, name);
    return {};
  }

  Result<> bind(const Slot& slot, std::string_view text) {
    auto value = evaluate(text, context_, lookup_, Mode::kText);
    if (!value.has_value()) return fail(place(slot), std::move(value.error()));
    const std::string name = fmt::format("DYNA_V{}", bound_.env.size() + 1);
    if (value->find('\0') != std::string::npos) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: the value holds a NUL byte, which no program can be given",
                              place(slot)));
    }
    if (name.size() + value->size() + 2 > kEnvBytesMax) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: the value has {} bytes, and a script can be given at most {}; "
                              "hand large data over as a file ($DYNA_ARTIFACTS)",
                              place(slot), value->size(), kEnvBytesMax - name.size() - 2));
    }
    names_.emplace(inner(text), bound_.env.size());
    bound_.env.emplace_back(name, std::move(*value));
    return {};
  }

  std::string_view script_;
  std::string_view context_;
  const Lookup& lookup_;
  BoundScript bound_;
  std::map<std::string_view, std::size_t> names_;  ///< expression → index in env
};

}  // namespace

Analysis analyze_shell(std::string_view script) {
  ShellScan scan = scan_shell(script);
  Analysis analysis;
  analysis.problems = std::move(scan.problems);
  for (const Slot& slot : scan.slots) {
    Analysis part = analyze_text(script.substr(slot.offset, slot.size));
    for (Reference& reference : part.references) {
      reference.offset += slot.offset;
      analysis.references.push_back(std::move(reference));
    }
    for (Problem& problem : part.problems) {
      problem.offset += slot.offset;
      analysis.problems.push_back(std::move(problem));
    }
    for (const std::size_t raw : part.raw_uses) analysis.raw_uses.push_back(raw + slot.offset);
  }
  std::ranges::stable_sort(analysis.problems, {}, &Problem::offset);
  return analysis;
}

std::vector<Problem> check_shell(std::string_view script) {
  return scan_shell(script).problems;
}

Result<BoundScript> bind_shell(std::string_view script, std::string_view context,
                               const Lookup& lookup) {
  const ShellScan scan = scan_shell(script);
  if (!scan.problems.empty()) {
    const Problem& first = scan.problems.front();
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("line {} of the script: {}", line_of(script, first.offset), first.message));
  }
  if (context.empty()) return BoundScript{std::string(script), {}};
  return Binder(script, context, lookup).run(scan);
}

}  // namespace cordyna::tmpl
