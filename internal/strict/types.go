package strict

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

var (
	numberType      = reflect.TypeFor[json.Number]()
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// target follows pointers. It returns nil where a value of any kind will do, and says
// whether null will do.
func target(t reflect.Type) (_ reflect.Type, nullable bool) {
	for t != nil {
		switch {
		case t.Kind() == reflect.Interface, reflect.PointerTo(t).Implements(unmarshaler):
			return nil, true
		case reflect.PointerTo(t).Implements(textUnmarshaler):
			return reflect.TypeFor[string](), nullable
		case t.Kind() != reflect.Pointer:
			return t, nullable
		}
		nullable = true
		t = t.Elem()
	}
	return nil, true
}

// expect returns a problem unless t is of one of the kinds.
func expect(t reflect.Type, found string, kinds ...reflect.Kind) *problem {
	if t == nil || slices.Contains(kinds, t.Kind()) {
		return nil
	}
	return problemf("%s was expected, found %s", kindName(t), found)
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

func kindName(t reflect.Type) string {
	switch kind := t.Kind(); {
	case t == numberType, kind == reflect.Float32, kind == reflect.Float64:
		return "a number"
	case kind == reflect.Struct, kind == reflect.Map:
		return "an object"
	case kind == reflect.String, isBytes(t):
		return "a string"
	case kind == reflect.Slice, kind == reflect.Array:
		return "a list"
	case kind == reflect.Bool:
		return "true or false"
	default:
		return "a whole number"
	}
}

// A fieldSet holds the keys that encoding/json knows for a struct.
type fieldSet struct {
	types map[string]reflect.Type // by key
	names map[string]string       // folded key to key
}

func (w *walker) fieldsOf(t reflect.Type) *fieldSet {
	if known, ok := w.fields[t]; ok {
		return known
	}
	known := &fieldSet{map[string]reflect.Type{}, map[string]string{}}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		embedded := f.Anonymous && name == "" && (f.Type.Kind() == reflect.Struct || f.Type.Kind() == reflect.Pointer)
		if name == "-" && options == "" || embedded || !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		typ := f.Type
		if strings.Contains(options, "string") {
			typ = nil // a number in quotes, which encoding/json checks
		}
		known.types[name] = typ
		known.names[fold(name)] = name
	}
	w.fields[t] = known
	return known
}
