#include <utility>
#include <vector>

#include <tessera/dataset/labels.hpp>

namespace tessera::dataset {

namespace {

enum class Kind { letter, any_letter, one_of, none_of, within_part, anything };

struct Step {
    Kind kind;
    char letter = 0;
    std::string_view range;  // inside [..]
};

bool is_star(Step const& step) {
    return step.kind == Kind::within_part || step.kind == Kind::anything;
}

bool in_range(std::string_view range, char letter) {
    for (std::size_t i = 0; i < range.size(); ++i) {
        if (i + 2 < range.size() && range[i + 1] == '-') {
            if (range[i] <= letter && letter <= range[i + 2]) return true;
            i += 2;
        } else if (range[i] == letter) {
            return true;
        }
    }
    return false;
}

bool fits(Step const& step, char letter) {
    switch (step.kind) {
        case Kind::letter:
            return letter == step.letter;
        case Kind::anything:
            return true;
        case Kind::any_letter:
        case Kind::within_part:
            return letter != '/';
        case Kind::one_of:
            return letter != '/' && in_range(step.range, letter);
        case Kind::none_of:
            return letter != '/' && !in_range(step.range, letter);
    }
    return false;
}

// A bracket without its other half, or with nothing in it, is a letter like any other.
std::pair<Step, std::size_t> bracket(std::string_view glob) {
    auto const negated = glob.size() > 1 && glob[1] == '!';
    std::size_t const begin = negated ? 2 : 1;
    auto const end = glob.find(']', begin + 1);
    if (end == std::string_view::npos) return {{Kind::letter, '[', {}}, 1};
    return {{negated ? Kind::none_of : Kind::one_of, 0, glob.substr(begin, end - begin)}, end + 1};
}

std::pair<Step, std::size_t> first_step(std::string_view glob) {
    if (glob.starts_with("**")) return {{Kind::anything, 0, {}}, 2};
    if (glob[0] == '*') return {{Kind::within_part, 0, {}}, 1};
    if (glob[0] == '?') return {{Kind::any_letter, 0, {}}, 1};
    if (glob[0] == '[') return bracket(glob);
    return {{Kind::letter, glob[0], {}}, 1};
}

std::vector<Step> steps_of(std::string_view glob) {
    std::vector<Step> steps;
    while (!glob.empty()) {
        auto const [step, length] = first_step(glob);
        steps.push_back(step);
        glob.remove_prefix(length);
    }
    return steps;
}

// All steps that may come next are followed at once, so no glob takes long (Thompson 1968).
bool matches_whole(std::vector<Step> const& steps, std::string_view text) {
    std::vector<char> at(steps.size() + 1, 0);
    auto const skip_stars = [&](std::vector<char>& places) {
        for (std::size_t i = 0; i < steps.size(); ++i) {
            if (places[i] != 0 && is_star(steps[i])) places[i + 1] = 1;
        }
    };
    at[0] = 1;
    skip_stars(at);
    for (auto const letter : text) {
        std::vector<char> next(at.size(), 0);
        for (std::size_t i = 0; i < steps.size(); ++i) {
            if (at[i] != 0 && fits(steps[i], letter)) next[is_star(steps[i]) ? i : i + 1] = 1;
        }
        skip_stars(next);
        at = std::move(next);
    }
    return at.back() != 0;
}

}  // namespace

bool glob_matches(std::string_view glob, std::string_view path) {
    if (path.starts_with('/')) path.remove_prefix(1);  // of a capture that a list names so
    if (glob.starts_with('/')) return matches_whole(steps_of(glob.substr(1)), path);
    auto const steps = steps_of(glob);
    for (;;) {
        if (matches_whole(steps, path)) return true;
        auto const slash = path.find('/');
        if (slash == std::string_view::npos) return false;
        path.remove_prefix(slash + 1);
    }
}

}  // namespace tessera::dataset
