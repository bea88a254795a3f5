#include <mpimap/detail/call_facts.hpp>

#include <mpimap/codec.hpp>
#include <mpimap/detail/stream.hpp>

namespace mpimap::detail {

call_facts facts_of_call(const options& o, std::uint64_t ordinal, int root) {
    call_facts facts;
    facts.ordinal = ordinal;
    facts.root = root;
    facts.item_timeout = o.item_timeout.count();
    facts.key = random_key_of(o.seed, o.stream, ordinal);
    return facts;
}

// One by one: as bytes, what is no bool would be taken for one.

void write_facts(writer& out, const call_facts& facts) {
    write_value(out, facts.ordinal);
    write_value(out, facts.root);
    write_value(out, facts.item_timeout);
    write_value(out, facts.key);
    write_value(out, facts.deaths);
    write_value(out, facts.death_of);
}

call_facts read_facts(reader& in) {
    call_facts facts;
    read_value(in, facts.ordinal);
    read_value(in, facts.root);
    read_value(in, facts.item_timeout);
    read_value(in, facts.key);
    read_value(in, facts.deaths);
    read_value(in, facts.death_of);
    return facts;
}

} // namespace mpimap::detail
