#pragma once

#include "scratch.hpp"

#include <cstdlib>
#include <fstream>
#include <string>

namespace tessera::test {

inline bool has_python() {
    static bool const found = std::system("python3 -c '' 2>/dev/null") == 0;
    return found;
}

/// True when Python's XML parser, which is none of ours, reads `text` to its end.
inline bool is_well_formed(std::string const& text) {
    Scratch const scratch;
    std::ofstream(scratch / "text.xml") << text;
    auto const command =
        "python3 -c 'import sys, xml.etree.ElementTree as t; t.parse(sys.argv[1])' " +
        (scratch / "text.xml").string();
    return std::system(command.c_str()) == 0;
}

}  // namespace tessera::test
