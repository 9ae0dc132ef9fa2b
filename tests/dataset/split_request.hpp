#pragma once

#include <string>

#include <tessera/dataset/split.hpp>

namespace tessera {

inline dataset::SplitConfig by(std::string const& what, std::string const& name = "default") {
    dataset::SplitConfig config;
    config.by = what;
    config.name = name;
    return config;
}

}  // namespace tessera
