#include "pickle_reader.hpp"

#include "pickle_calls.hpp"
#include "pickle_value.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include <tessera/base/files.hpp>

namespace tessera::archive {
namespace {

using base::ByteSpan;

// A checkpoint of a thousand tensors builds about 30,000 values.
constexpr std::size_t most_values = 4'000'000;
constexpr std::size_t longest_text = 65'536;

/// Opcodes, named as in Python's pickletools.
enum Opcode : std::uint8_t {
    mark = '(',
    stop = '.',
    binint = 'J',
    binint1 = 'K',
    binint2 = 'M',
    none = 'N',
    binpersid = 'Q',
    reduce = 'R',
    binunicode = 'X',
    build = 'b',
    global = 'c',
    append = 'a',
    appends = 'e',
    binget = 'h',
    long_binget = 'j',
    binput = 'q',
    long_binput = 'r',
    setitem = 's',
    tuple = 't',
    setitems = 'u',
    empty_dict = '}',
    empty_list = ']',
    empty_tuple = ')',
    proto = 0x80,
    tuple1 = 0x85,
    tuple2 = 0x86,
    tuple3 = 0x87,
    newtrue = 0x88,
    newfalse = 0x89,
    long1 = 0x8a,
    short_binunicode = 0x8c,
    stack_global = 0x93,
    memoize = 0x94,
    frame = 0x95,
};

[[noreturn]] void refuse(std::string const& fault) {
    throw std::invalid_argument(fault);
}

/// Reads a pickle from front to back on a stack of values. No call, no recursion.
class PickleMachine {
  public:
    explicit PickleMachine(ByteSpan bytes) : bytes_(bytes) {}

    PickleRef run() {
        try {
            while (!stopped_) step();
            return pop();
        } catch (std::invalid_argument const& fault) {
            refuse(fmt::format("its pickle is refused at byte {}: {}", at_, fault.what()));
        }
    }

  private:
    ByteSpan take(std::size_t count) {
        if (!base::holds(bytes_.size(), at_, count)) refuse("it ends too early");
        auto const part = bytes_.subspan(at_, count);
        at_ += count;
        return part;
    }
    std::uint8_t byte() { return base::load_byte(take(1), 0); }
    std::uint32_t word() { return base::load_little_endian<std::uint32_t>(take(4), 0); }

    std::string text(std::size_t size) {
        if (size > longest_text) refuse("a text is too long");
        auto const part = take(size);
        return {reinterpret_cast<char const*>(part.data()), part.size()};
    }
    std::string line() {
        std::string result;
        for (auto next = byte(); next != '\n'; next = byte()) {
            if (result.size() == longest_text) refuse("a name is too long");
            result += static_cast<char>(next);
        }
        return result;
    }

    template <class Content>
    void push(Content content) {
        push_ref(arena_.make(std::move(content)));
    }
    void push_ref(PickleRef value) {
        if (arena_.size() + stack_.size() >= most_values) refuse("it builds too much");
        stack_.push_back(value);
    }
    PickleRef pop() {
        if (stack_.empty()) refuse("it takes more than it made");
        auto* value = stack_.back();
        stack_.pop_back();
        if (std::holds_alternative<PickleMark>(value->content)) refuse("a mark stands alone");
        return value;
    }
    PickleRef top() {
        auto* value = pop();
        stack_.push_back(value);
        return value;
    }
    /// What was pushed since the last mark, which goes too.
    std::vector<PickleRef> popped_to_mark() {
        for (auto i = stack_.size(); i-- > 0;) {
            if (!std::holds_alternative<PickleMark>(stack_[i]->content)) continue;
            auto const begin = stack_.begin() + static_cast<std::ptrdiff_t>(i);
            std::vector<PickleRef> items(begin + 1, stack_.end());
            stack_.erase(begin, stack_.end());
            return items;
        }
        refuse("a mark is missing");
    }

    void push_tuple(std::size_t size) {
        PickleList list;
        list.items.resize(size);
        for (auto i = size; i-- > 0;) list.items[i] = pop();
        push(std::move(list));
    }

    void set_items(std::vector<PickleRef> const& items) {
        auto* dictionary = std::get_if<PickleDictionary>(&top()->content);
        if (dictionary == nullptr || items.size() % 2 != 0) refuse("items for no dictionary");
        for (std::size_t i = 0; i < items.size(); i += 2) {
            dictionary->items.emplace_back(items[i], items[i + 1]);
        }
        count_items(items.size());
    }
    void append_items(std::vector<PickleRef> const& items) {
        auto* list = std::get_if<PickleList>(&top()->content);
        if (list == nullptr) refuse("items for no list");
        list->items.insert(list->items.end(), items.begin(), items.end());
        count_items(items.size());
    }
    /// Items cost memory also where a memo gives the same value again and again.
    void count_items(std::size_t count) {
        items_ += count;
        if (items_ > most_values) refuse("it builds too much");
    }

    void remember(std::size_t place) {
        if (memo_.size() >= most_values) refuse("it remembers too much");
        memo_[place] = top();
    }
    void recall(std::size_t place) {
        auto const found = memo_.find(place);
        if (found == memo_.end()) refuse("it recalls what it never remembered");
        push_ref(found->second);
    }

    void push_long(std::size_t size) {
        if (size > 8) refuse("a number is too long");
        std::uint64_t value = 0;
        auto const part = take(size);
        for (std::size_t i = 0; i < size; ++i) {
            value |= std::uint64_t{base::load_byte(part, i)} << (8 * i);
        }
        auto const negative = size > 0 && (base::load_byte(part, size - 1) & 0x80U) != 0;
        if (negative && size < 8) value |= ~std::uint64_t{0} << (8 * size);
        push(static_cast<std::int64_t>(value));
    }

    void push_global(std::string const& module, std::string const& name) {
        constexpr std::size_t longest = 256;  // bytes; each use makes a copy
        if (module.size() > longest || name.size() > longest)
            refuse("a name has more than 256 bytes");
        push(PickleName{module + "." + name});
    }
    void push_stacked_global() {
        auto const* name = std::get_if<std::string>(&pop()->content);
        auto const* module = std::get_if<std::string>(&pop()->content);
        if (name == nullptr || module == nullptr) refuse("a name is no text");
        push_global(*module, *name);
    }

    void push_call() {
        auto const* arguments = pop();
        auto const* name = pop();
        push_ref(called(arena_, *name, *arguments));
    }

    /// Attributes of a dictionary (PyTorch's _metadata) say nothing of tensors.
    void drop_state() {
        pop();
        if (!std::holds_alternative<PickleDictionary>(top()->content))
            refuse("state for no dictionary");
    }

    void step() {
        auto const code = byte();
        if (step_on_values(code) || step_on_collections(code)) return;
        refuse(fmt::format("opcode 0x{:02x} is none of those that tensors need", code));
    }

    bool step_on_values(std::uint8_t code) {
        switch (code) {
            case proto:
                if (auto const version = byte(); version < 2 || version > 4) {
                    refuse(fmt::format("protocol {} is not read", version));
                }
                return true;
            case frame:
                take(8);
                return true;
            case stop:
                stopped_ = true;
                return true;
            case none:
                push(PickleNone{});
                return true;
            case newtrue:
                push(true);
                return true;
            case newfalse:
                push(false);
                return true;
            case binint1:
                push(std::int64_t{byte()});
                return true;
            case binint2:
                push_word16();
                return true;
            case binint:
                push(std::int64_t{static_cast<std::int32_t>(word())});
                return true;
            case long1:
                push_long(byte());
                return true;
            case binunicode:
                push(text(word()));
                return true;
            case short_binunicode:
                push(text(byte()));
                return true;
            case global: {
                auto const module = line();
                push_global(module, line());
                return true;
            }
            case stack_global:
                push_stacked_global();
                return true;
            case binpersid:
                push_ref(storage_of(arena_, *pop()));
                return true;
            case reduce:
                push_call();
                return true;
            case build:
                drop_state();
                return true;
            default:
                return false;
        }
    }

    bool step_on_collections(std::uint8_t code) {
        switch (code) {
            case mark:
                push(PickleMark{});
                return true;
            case empty_dict:
                push(PickleDictionary{});
                return true;
            case empty_list:
            case empty_tuple:
                push(PickleList{});
                return true;
            case tuple:
                push(PickleList{popped_to_mark()});
                return true;
            case tuple1:
                push_tuple(1);
                return true;
            case tuple2:
                push_tuple(2);
                return true;
            case tuple3:
                push_tuple(3);
                return true;
            case setitem: {
                auto* value = pop();
                set_items({pop(), value});
                return true;
            }
            case setitems:
                set_items(popped_to_mark());
                return true;
            case append:
                append_items({pop()});
                return true;
            case appends:
                append_items(popped_to_mark());
                return true;
            case binput:
                remember(byte());
                return true;
            case long_binput:
                remember(word());
                return true;
            case memoize:
                remember(memo_.size());
                return true;
            case binget:
                recall(byte());
                return true;
            case long_binget:
                recall(word());
                return true;
            default:
                return false;
        }
    }

    void push_word16() { push(std::int64_t{base::load_little_endian<std::uint16_t>(take(2), 0)}); }

    ByteSpan bytes_;
    std::size_t at_ = 0;
    bool stopped_ = false;
    std::size_t items_ = 0;
    PickleArena arena_;
    std::vector<PickleRef> stack_;
    std::map<std::size_t, PickleRef> memo_;
};

PickleDictionary const& dictionary(PickleValue const& value) {
    auto const* found = std::get_if<PickleDictionary>(&value.content);
    if (found == nullptr) refuse("its pickle holds no dictionary of tensors");
    return *found;
}

bool holds_weights(std::string const& key) {
    constexpr std::array<std::string_view, 3> names{"model", "state_dict", "model_state_dict"};
    return std::ranges::find(names, key) != names.end();
}

void add_tensors(PickleDictionary const& values, std::vector<DescribedTensor>& tensors) {
    for (auto const& [key, value] : values.items) {
        auto const* name = std::get_if<std::string>(&key->content);
        auto const* tensor = std::get_if<DescribedTensor>(&value->content);
        if (name == nullptr || tensor == nullptr) continue;
        tensors.push_back(*tensor);
        tensors.back().name = *name;
    }
}

}  // namespace

std::vector<DescribedTensor> tensors_of_pickle(ByteSpan pickle) {
    PickleMachine machine(pickle);
    auto const& root = dictionary(*machine.run());
    std::vector<DescribedTensor> tensors;
    add_tensors(root, tensors);
    for (auto const& [key, value] : root.items) {
        auto const* name = std::get_if<std::string>(&key->content);
        auto const* inner = std::get_if<PickleDictionary>(&value->content);
        if (name != nullptr && inner != nullptr && holds_weights(*name))
            add_tensors(*inner, tensors);
    }
    return tensors;
}

}  // namespace tessera::archive
