#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

namespace tessera::test {

/// A folder of its own for one test, gone with the object.
class Scratch {
  public:
    Scratch() {
        auto pattern = (std::filesystem::temp_directory_path() / "tessera-test-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
        path_ = pattern;
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(Scratch const&) = delete;
    Scratch& operator=(Scratch const&) = delete;

    std::filesystem::path const& path() const { return path_; }
    std::filesystem::path operator/(std::string const& name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

/// The folder of shared captures and reference tensors, where there is one (TESSERA_SHARED, else
/// beside the repository). A user's clone has none: skip the test then.
inline std::optional<std::filesystem::path> shared_folder() {
    auto const* given = std::getenv("TESSERA_SHARED");
    std::filesystem::path const folder = given != nullptr ? given : TESSERA_SOURCE_DIR "/../shared";
    if (!std::filesystem::is_directory(folder / "data")) return std::nullopt;
    return folder;
}

}  // namespace tessera::test
