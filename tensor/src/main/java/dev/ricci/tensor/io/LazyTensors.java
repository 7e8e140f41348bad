package dev.ricci.tensor.io;

import dev.ricci.tensor.Tensor;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;

/** A source as a map. Entries read their value when it is asked for, so that a walk over the names reads nothing. */
final class LazyTensors extends AbstractMap<String, Tensor> {
    private final TensorSource source;

    LazyTensors(TensorSource source) {
        this.source = source;
    }

    @Override
    public boolean containsKey(Object key) {
        return key instanceof String name && source.names().contains(name);
    }

    @Override
    public Tensor get(Object key) {
        return key instanceof String name && source.names().contains(name) ? source.tensor(name) : null;
    }

    @Override
    public SortedSet<String> keySet() {
        return source.names();
    }

    @Override
    public Set<Entry<String, Tensor>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public int size() {
                return source.names().size();
            }

            @Override
            public Iterator<Entry<String, Tensor>> iterator() {
                Iterator<String> names = source.names().iterator();
                return new Iterator<>() {
                    @Override
                    public boolean hasNext() {
                        return names.hasNext();
                    }

                    @Override
                    public Entry<String, Tensor> next() {
                        return new Lazy(source, names.next());
                    }
                };
            }
        };
    }

    /** The names alone: the values of an unread file are not worth reading for a message. */
    @Override
    public String toString() {
        return source.names().toString();
    }

    private record Lazy(TensorSource source, String name) implements Map.Entry<String, Tensor> {
        @Override
        public String getKey() {
            return name;
        }

        @Override
        public Tensor getValue() {
            return source.tensor(name);
        }

        @Override
        public Tensor setValue(Tensor value) {
            throw new UnsupportedOperationException("the tensors of a file are read-only");
        }
    }
}
