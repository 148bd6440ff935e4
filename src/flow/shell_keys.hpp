/// The keys of a task of type `shell`, and what it is in which language.
///
/// Tables only.
#pragma once

#include <array>
#include <string_view>

#include "flow/key_spec.hpp"

namespace cordyna::flow::shell_detail {

using K = ValueKind;

inline constexpr KeySpec kWord{.kind = K::kText};

/// A language whose scripts are compiled, and by what where `compiler` says nothing.
struct CompiledLanguage {
  std::string_view name;
  std::string_view compiler;  ///< JSON
};

inline constexpr std::array kCompiledLanguages{
    CompiledLanguage{"c", R"(["cc","-O2","-lm"])"},
    CompiledLanguage{"rust", R"(["rustc","-O","--edition=2021"])"},
    CompiledLanguage{"go", R"(["go","build","-trimpath"])"},
    CompiledLanguage{"java", R"(["javac"])"},
};
inline constexpr std::array kLanguageWords{kCompiledLanguages[0].name, kCompiledLanguages[1].name,
                                           kCompiledLanguages[2].name, kCompiledLanguages[3].name};

/// What people write as `language`, and the interpreter that runs it.
inline constexpr std::array kInterpreted{
    Renamed{"r", "Rscript"},       Renamed{"R", "Rscript"},           Renamed{"js", "node"},
    Renamed{"javascript", "node"}, Renamed{"node", "node"},           Renamed{"python", "python3"},
    Renamed{"perl", "perl"},       Renamed{"ruby", "ruby"},           Renamed{"php", "php"},
    Renamed{"lua", "lua"},         Renamed{"julia", "julia"},         Renamed{"bash", "bash"},
    Renamed{"sh", "/bin/sh"},      Renamed{"typescript", "deno run"},
};

inline constexpr std::array kScriptFileFields{
    KeySpec{.name = "name",
            .kind = K::kText,
            .description = "The file, from the flow's folder.",
            .required = true},
    KeySpec{.name = "text",
            .kind = K::kVerbatim,
            .description = "Its text, where the flow has taken it in: so a run stays on the text "
                           "of its version."},
};

inline constexpr std::array kShell{
    KeySpec{.name = "script",
            .kind = K::kShell,
            .description = "The program's text. In scripts of a shell each {{ … }} is bound to an "
                           "environment variable, so that no value becomes program text. In all "
                           "other languages it is run as it stands, braces and all: it gets values "
                           "by `env`, and finds inputs, outputs of the tasks that it needs, run, "
                           "flow, task, vars, labels and error as JSON in the file that "
                           "$DYNA_VALUES names."},
    KeySpec{.name = "file",
            .kind = K::kObject,
            .description = "Instead of `script`, the path of a file of at most 1 MiB, from the "
                           "flow's folder. It is read with the flow, and run as it stands, without "
                           "templates, in a shell too.",
            .fields = kScriptFileFields,
            .short_field = "name"},
    KeySpec{.name = "interpreter",
            .kind = K::kList,
            .description = "The program and its options; one string is parted at blanks: Rscript, "
                           "node, python3, perl -w, …. The file that it is given ends as its "
                           "language wants it (.R, .py, .mjs for a module and .cjs, …).",
            .one_or_list = true,
            .splits = true,
            .shared = true,
            .preset = R"(["/bin/sh","-e"])",
            .item = &kWord,
            .least = 1},
    KeySpec{.name = "language",
            .kind = K::kEnum,
            .description = "Instead of `interpreter`: the script is compiled by the first attempt "
                           "that wants it, once for its text, the compiler and its options; then "
                           "the program is run.",
            .words = kLanguageWords},
    KeySpec{.name = "compiler",
            .kind = K::kList,
            .description = "Of `language`: the program and its options; one string is parted at "
                           "blanks. Without it cc -O2 -lm, rustc -O --edition=2021, go build "
                           "-trimpath, or javac. For C++, language: c and g++ -O2.",
            .one_or_list = true,
            .splits = true,
            .item = &kWord,
            .least = 1},
};

}  // namespace cordyna::flow::shell_detail
