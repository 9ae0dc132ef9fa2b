#include <array>

#include <tessera/dataset/fold.hpp>

namespace tessera::dataset {

char const* name(Fold fold) {
    constexpr std::array<char const*, fold_kinds> names{"train", "valid", "test", "excluded"};
    return names[static_cast<std::size_t>(fold)];
}

}  // namespace tessera::dataset
