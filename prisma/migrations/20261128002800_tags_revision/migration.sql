-- AlterTable
ALTER TABLE "customers" ADD COLUMN     "tags_revision" INTEGER;
