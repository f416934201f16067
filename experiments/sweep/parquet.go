package sweep

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"github.com/parquet-go/parquet-go"
)

// groupRows bounds what is held in memory before it is written: the rows of a row group.
const groupRows = 2048

// parquetWriter writes rows as Parquet. Every column may be null; kinds and units are
// in the file's metadata under "ooovm.columns".
type parquetWriter struct {
	w    *parquet.GenericWriter[any]
	row  parquet.Row
	rows int
}

var parquetTypes = map[Kind]reflect.Type{
	Text: reflect.TypeFor[*string](), Integer: reflect.TypeFor[*int64](), Unsigned: reflect.TypeFor[*uint64](),
	Real: reflect.TypeFor[*float64](), Flag: reflect.TypeFor[*bool](),
}

// newParquet makes the schema out of a structure, which keeps the order of the columns.
func newParquet(w io.Writer, columns []Column) (*parquetWriter, error) {
	fields := make([]reflect.StructField, len(columns))
	for i, c := range columns {
		fields[i] = reflect.StructField{
			Name: fmt.Sprintf("C%d", i), Type: parquetTypes[c.Kind],
			Tag: reflect.StructTag(fmt.Sprintf("parquet:%q", c.Name+",optional,snappy")),
		}
	}
	schema := parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Interface())
	about, err := json.Marshal(columns)
	if err != nil {
		return nil, err
	}
	return &parquetWriter{
		w:   parquet.NewGenericWriter[any](w, schema, parquet.KeyValueMetadata("ooovm.columns", string(about)), parquet.CreatedBy("ooovm", "1", "")),
		row: make(parquet.Row, len(columns)),
	}, nil
}

func (p *parquetWriter) add(cells []any) error {
	for i, cell := range cells {
		var v parquet.Value
		switch cell := cell.(type) {
		case string:
			v = parquet.ByteArrayValue([]byte(cell))
		case int:
			v = parquet.Int64Value(int64(cell))
		case uint64:
			v = parquet.Int64Value(int64(cell)) // the same bits for an unsigned column
		case float64:
			v = parquet.DoubleValue(cell)
		case bool:
			v = parquet.BooleanValue(cell)
		default:
			p.row[i] = parquet.NullValue().Level(0, 0, i)
			continue
		}
		p.row[i] = v.Level(0, 1, i)
	}
	if _, err := p.w.WriteRows([]parquet.Row{p.row}); err != nil {
		return err
	}
	if p.rows++; p.rows%groupRows == 0 {
		return p.w.Flush()
	}
	return nil
}

func (p *parquetWriter) close() error { return p.w.Close() }
