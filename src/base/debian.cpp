#include "base/debian.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cordyna {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 28> kDebianPackages{{
    {"Rscript", "r-base-core"},
    {"awk", "gawk"},
    {"bash", "bash"},
    {"cc", "gcc"},
    {"clang", "clang"},
    {"dash", "dash"},
    {"g++", "g++"},
    {"gawk", "gawk"},
    {"gcc", "gcc"},
    {"go", "golang-go"},
    {"groovy", "groovy"},
    {"guile", "guile-3.0"},
    {"java", "default-jre-headless"},
    {"javac", "default-jdk-headless"},
    {"jq", "jq"},
    {"ksh", "ksh"},
    {"lua", "lua5.4"},
    {"mksh", "mksh"},
    {"node", "nodejs"},
    {"octave", "octave"},
    {"perl", "perl"},
    {"php", "php-cli"},
    {"python3", "python3"},
    {"ruby", "ruby"},
    {"rustc", "rustc"},
    {"tcc", "tcc"},
    {"tclsh", "tcl"},
    {"zsh", "zsh"},
}};

}  // namespace

std::string_view debian_package(std::string_view program) {
  const auto found = std::ranges::find(kDebianPackages, program,
                                       &std::pair<std::string_view, std::string_view>::first);
  return found == kDebianPackages.end() ? std::string_view() : found->second;
}

std::string debian_hint(std::string_view program) {
  const std::string_view package = debian_package(program.substr(program.rfind('/') + 1));
  if (package.empty()) return {};
  return "; Debian has it in " + std::string(package);
}

}  // namespace cordyna
