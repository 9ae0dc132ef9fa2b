#include "capture_sniff.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <string_view>

#include <glob.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/capture/capture_files.hpp>

namespace tessera::capture {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot(char const* verb, fs::path const& path, std::string const& why) {
    base::fail(base::ExitCode::bad_input, "cannot {} '{}': {}", verb,
               base::printable(path.string()), why);
}

bool is_there(fs::path const& path) {
    std::error_code error;
    return fs::exists(path, error);
}

// Names that begin with two dots are odd, not hidden.
bool is_hidden(fs::path const& path) {
    auto const name = path.filename().string();
    return name.starts_with('.') && !name.starts_with("..");
}

// One path for a folder, however it was written: "in/", "", "..".
fs::path plain(fs::path const& folder) {
    auto const path = fs::absolute(folder.empty() ? "." : folder).lexically_normal();
    return path.has_filename() ? path : path.parent_path();
}

// Collects the files of all inputs; each file once, whatever ways lead to it.
class Finder {
  public:
    void add_input(std::string const& input) {
        if (input == "-") {
            add(input, {}, "-");
        } else if (input.starts_with('@')) {
            add_list(input.substr(1));
        } else if (is_there(input)) {
            fs::path const path(input);
            add_path(path, plain(path.parent_path()), path.filename().string());
        } else {
            add_glob(input);
        }
    }

    FoundCaptures finish() {
        std::sort(placed_.begin(), placed_.end(), [](auto const& left, auto const& right) {
            return left.capture.path.native() < right.capture.path.native();
        });
        tell_apart();
        for (auto& placed : placed_) found_.captures.push_back(std::move(placed.capture));
        return std::move(found_);
    }

  private:
    // A capture and the folder that its name is taken below; empty where that is none.
    struct Placed {
        CaptureFile capture;
        fs::path folder;
    };

    void add_path(fs::path const& path, fs::path const& folder, std::string const& name) {
        std::error_code error;
        if (fs::is_directory(path, error)) {
            search(path, plain(path), path);
        } else {
            add(path, folder, name);
        }
    }

    void add_list(fs::path const& list) {
        auto const text = base::read_text(list);
        std::string_view rest = text;
        while (!rest.empty()) {
            auto line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(rest.size(), line.size() + 1));
            if (line.ends_with('\r')) line.remove_suffix(1);
            if (line.empty()) continue;
            fs::path const path(line);
            if (!is_there(path)) cannot("find", path, "named in " + list.string());
            add_path(path, {}, path.lexically_normal().string());
        }
    }

    // Names are taken below the last folder before the first wildcard.
    void add_glob(std::string const& pattern) {
        auto const wildcard = pattern.find_first_of("*?[");
        if (wildcard == std::string::npos) cannot("find", pattern, "no such file");
        fs::path const fixed = pattern.substr(0, pattern.rfind('/', wildcard) + 1);
        glob_t matches{};
        auto const result = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &matches);
        std::vector<fs::path> const paths(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
        ::globfree(&matches);
        if (result != 0) cannot("find", pattern, "nothing matches the pattern");
        for (auto const& path : paths) {
            add_path(path, plain(fixed),
                     path.lexically_relative(fixed.empty() ? "." : fixed).string());
        }
    }

    // Takes the captures in a folder and all below it; a folder that links lead to twice, once.
    void search(fs::path const& folder, fs::path const& whole, fs::path const& root) {
        std::error_code error;
        if (!seen_.insert(fs::canonical(folder, error)).second) return;
        fs::directory_iterator entries(folder, error);
        if (error) cannot("list", folder, error.message());
        for (; entries != fs::directory_iterator(); entries.increment(error)) {
            auto const& path = entries->path();
            if (is_hidden(path)) continue;
            if (entries->is_directory(error)) {
                search(path, whole, root);
            } else if (looks_like_capture(path)) {
                add(path, whole, path.lexically_relative(root).string());
            } else {
                ++found_.skipped;
            }
        }
        if (error) cannot("list", folder, error.message());
    }

    void add(fs::path const& path, fs::path const& folder, std::string const& name) {
        std::error_code error;
        auto const file = path == "-" ? path : fs::canonical(path, error);
        if (!seen_.insert(error ? path : file).second) return;
        CaptureFile capture{path, name, 0, 0};
        if (fs::is_regular_file(path, error)) {
            capture.bytes = fs::file_size(path, error);
            capture.modified = fs::last_write_time(path, error).time_since_epoch().count();
        }
        placed_.push_back({std::move(capture), folder});
    }

    // Names of one input say the same things at the same places, so where files of several inputs
    // have one name all files of these inputs get longer ones.
    void tell_apart() {
        auto const alike = clashing_folders();
        if (alike.empty()) return;
        for (auto& [capture, folder] : placed_) {
            if (folder.empty() || !alike.contains(folder)) continue;
            capture.name = (folder.filename() / capture.name).string();
        }
        if (clashing_folders().empty()) return;
        for (auto& [capture, folder] : placed_) {
            capture.name = capture.path.lexically_normal().string();
        }
    }

    // Folders below which a name stands that another one stands for too.
    std::set<fs::path> clashing_folders() const {
        std::map<std::string, int> uses;
        for (auto const& placed : placed_) ++uses[placed.capture.name];
        std::set<fs::path> clashing;
        for (auto const& [capture, folder] : placed_) {
            if (uses[capture.name] > 1) clashing.insert(folder);
        }
        return clashing;
    }

    FoundCaptures found_;
    std::vector<Placed> placed_;
    std::set<fs::path> seen_;  // files and folders, without links
};

}  // namespace

FoundCaptures find_captures(std::vector<std::string> const& inputs) {
    Finder finder;
    for (auto const& input : inputs) finder.add_input(input);
    return finder.finish();
}

}  // namespace tessera::capture
